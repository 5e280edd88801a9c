import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('twofactor', '0001_initial'),
        ('twofactor', '0002_soft_token'),
        ('twofactor', '0003_contact_changes'),
        ('twofactor', '0004_codes_over_budget'),
        ('twofactor', '0005_password_reset'),
        ('twofactor', '0006_rebinding'),
    ]

    dependencies = [
        ('accounts', '0001_tables'),
        ('letters', '0001_initial'),
        ('messaging', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='Challenge',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='challenges', to=settings.AUTH_USER_MODEL)),
                ('sign_in', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='challenges', to='accounts.signin')),
                ('purpose', models.CharField(choices=[('login', 'Login'), ('change_password', 'Change Password'), ('change_method', 'Change Method'), ('new_method', 'New Method'), ('change_contact', 'Change Contact'), ('new_mobile', 'New Mobile'), ('new_email', 'New Email'), ('reset_email', 'Reset Email'), ('reset', 'Reset')], max_length=24)),
                ('method', models.CharField(choices=[('sms', 'text message'), ('soft_token', 'mobile security code')], max_length=16)),
                ('reference', models.CharField(max_length=8)),
                ('code_digest', models.CharField(blank=True, max_length=100)),
                ('message', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='messaging.message')),
                ('state', models.CharField(choices=[('open', 'Open'), ('superseded', 'Superseded'), ('used', 'Used')], default='open', max_length=10)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('resend_at', models.DateTimeField(null=True)),
                ('capped', models.BooleanField(default=False)),
                ('over_budget', models.BooleanField(default=False)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['customer', 'purpose', '-created_at'], name='challenge_by_customer'), models.Index(fields=['sign_in', '-created_at'], name='challenge_by_sign_in'), models.Index(fields=['created_at'], name='challenge_by_age')],
            },
        ),
        migrations.CreateModel(
            name='StaffAuthenticator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('sealed_seed', models.BinaryField()),
                ('last_step', models.BigIntegerField(default=-1)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('user', 'name'), name='one_authenticator_per_name')],
            },
        ),
        migrations.CreateModel(
            name='StaffEnrolment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='enrolments', to=settings.AUTH_USER_MODEL)),
                ('code_digest', models.CharField(max_length=100)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('used_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SoftToken',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='soft_tokens', to=settings.AUTH_USER_MODEL)),
                ('name', models.CharField(max_length=40)),
                ('sealed_seed', models.BinaryField(null=True)),
                ('state', models.CharField(choices=[('shown', 'Shown'), ('bound', 'Bound'), ('suspended', 'Suspended'), ('removed', 'Removed')], default='shown', max_length=10)),
                ('last_step', models.BigIntegerField(default=-1)),
                ('drift', models.SmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('bound_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['bound', 'suspended'])), fields=('customer',), name='one_token_per_account'), models.CheckConstraint(condition=models.Q(models.Q(('sealed_seed__isnull', True), ('state', 'removed')), models.Q(models.Q(('state', 'removed'), _negated=True), ('sealed_seed__isnull', False)), _connector='OR'), name='removed_token_has_no_seed')],
            },
        ),
        migrations.CreateModel(
            name='Rebinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sign_in', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='rebinding', to='accounts.signin')),
                ('letter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='letters.letter')),
                ('letter_proven_at', models.DateTimeField(null=True)),
                ('letter_tries', models.PositiveSmallIntegerField(default=0)),
                ('token', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='twofactor.softtoken')),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('done_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['created_at'], name='rebinding_by_age')],
                'constraints': [models.CheckConstraint(condition=models.Q(('done_at__isnull', True), ('letter_proven_at__isnull', False), _connector='OR'), name='a_letter_was_proven_before_it_binds')],
            },
        ),
        migrations.CreateModel(
            name='MethodSwitch',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='method_switches', to=settings.AUTH_USER_MODEL)),
                ('sign_in', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='method_switches', to='accounts.signin')),
                ('epoch', models.PositiveIntegerField()),
                ('from_method', models.CharField(choices=[('sms', 'text message'), ('soft_token', 'mobile security code')], max_length=16)),
                ('to_method', models.CharField(choices=[('sms', 'text message'), ('soft_token', 'mobile security code')], max_length=16)),
                ('state', models.CharField(choices=[('open', 'Open'), ('done', 'Done'), ('abandoned', 'Abandoned')], default='open', max_length=10)),
                ('token', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='twofactor.softtoken')),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('proven_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['created_at'], name='switch_by_age')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('sign_in',), name='one_open_switch_per_session')],
            },
        ),
    ]
