import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PrintRun',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(max_length=12, unique=True)),
                ('printer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('state', models.CharField(choices=[('open', 'at the printer'), ('good', 'printed well'), ('failed', 'not printed well')], default='open', max_length=10)),
                ('letters_count', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['-started_at', 'pk'],
                'default_permissions': (),
                'indexes': [models.Index(fields=['-started_at'], name='runs_by_time')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='a_run_ends_when_it_is_judged')],
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(max_length=12, unique=True)),
                ('kind', models.CharField(choices=[('password', 'password letter'), ('rebinding', 'rebinding letter')], max_length=10)),
                ('state', models.CharField(choices=[('made', 'waiting to be printed'), ('printed', 'printed'), ('posted', 'posted'), ('used', 'used'), ('lapsed', 'lapsed'), ('voided', 'voided')], default='made', max_length=10)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.CharField(max_length=12)),
                ('maker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('checker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('reprints', models.PositiveSmallIntegerField(default=0)),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='letters', to='letters.printrun')),
                ('printer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('printed_at', models.DateTimeField(null=True)),
                ('code_digest', models.CharField(blank=True, max_length=100)),
                ('sealed_content', models.BinaryField(null=True)),
                ('unprintable', models.CharField(blank=True, max_length=40)),
                ('posted_at', models.DateTimeField(null=True)),
                ('tracking', models.CharField(blank=True, max_length=40)),
                ('lapses_at', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('ended_at', models.DateTimeField(null=True)),
                ('void', models.CharField(blank=True, choices=[('replaced', 'replaced by a newer letter'), ('run_failed', 'the print run failed'), ('tries', 'too many wrong codes'), ('staff', 'withdrawn by staff'), ('account', 'the account was closed'), ('address', 'the address changed before it was printed')], max_length=10)),
            ],
            options={
                'ordering': ['made_at', 'pk'],
                'permissions': [('print_letters', 'May print letters and say that they were posted')],
                'default_permissions': (),
                'indexes': [models.Index(fields=['customer', '-made_at'], name='letters_by_customer'), models.Index(fields=['state', 'made_at'], name='letters_by_state'), models.Index(fields=['ended_at'], name='letters_by_end')],
                'constraints': [models.CheckConstraint(condition=models.Q(('printer__isnull', True), models.Q(('printer', models.F('maker')), _negated=True), _connector='OR'), name='requester_is_not_printer'), models.CheckConstraint(condition=models.Q(('checker', models.F('maker')), _negated=True), name='requester_is_not_approver'), models.UniqueConstraint(condition=models.Q(('state__in', ['made', 'printed', 'posted'])), fields=('customer', 'kind'), name='one_live_letter_of_a_kind'), models.CheckConstraint(condition=models.Q(models.Q(('code_digest', ''), ('run__isnull', True), ('state', 'made')), models.Q(('run__isnull', False), ('state__in', ['printed', 'posted', 'used']), models.Q(('code_digest', ''), _negated=True)), ('state__in', ['lapsed', 'voided']), _connector='OR'), name='a_code_is_born_at_printing'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'posted'), _negated=True), models.Q(('lapses_at__isnull', False), ('posted_at__isnull', False)), _connector='OR'), name='a_posted_letter_lapses'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state__in', ['made', 'printed', 'posted']), ('void', '')), models.Q(('ended_at__isnull', False), ('state__in', ['used', 'lapsed']), ('void', '')), models.Q(('ended_at__isnull', False), ('state', 'voided'), models.Q(('void', ''), _negated=True)), _connector='OR'), name='an_ended_letter_says_when')],
            },
        ),
        migrations.CreateModel(
            name='IssuedForm',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(max_length=12, unique=True)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('issued_at', models.DateTimeField()),
                ('downloads', models.PositiveSmallIntegerField(default=1)),
            ],
            options={
                'ordering': ['-issued_at', 'pk'],
                'default_permissions': (),
                'indexes': [models.Index(fields=['customer', '-issued_at'], name='forms_by_customer'), models.Index(fields=['issued_at'], name='forms_by_time')],
            },
        ),
    ]
