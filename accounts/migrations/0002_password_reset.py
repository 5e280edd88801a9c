import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('accounts', '0010_password_reset'),
    ]

    dependencies = [
        ('accounts', '0001_tables'),
        ('letters', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='PasswordReset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sign_in', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='password_reset', to='accounts.signin')),
                ('key_digest', models.CharField(max_length=64, unique=True)),
                ('way', models.CharField(choices=[('email', 'Email'), ('letter', 'Letter')], max_length=8)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('answered_at', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('recognised_at', models.DateTimeField(null=True)),
                ('letter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='letters.letter')),
                ('method_proven_at', models.DateTimeField(null=True)),
                ('replaced_at', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(condition=models.Q(('answered_at__isnull', True), ('way', 'email')), fields=['created_at'], name='reset_unanswered'), models.Index(fields=['created_at'], name='reset_by_age')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('method_proven_at__isnull', True), ('recognised_at__isnull', False), _connector='OR'), models.Q(('replaced_at__isnull', True), ('method_proven_at__isnull', False), _connector='OR')), name='a_reset_proves_in_order'), models.CheckConstraint(condition=models.Q(('stopped_at__isnull', True), ('recognised_at__isnull', True), _connector='OR'), name='a_stopped_reset_recognised_nobody')],
            },
        ),
    ]
