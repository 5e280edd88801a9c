import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models


def leave_room(apps, schema_editor):
    """PostgreSQL: a new version of a row goes beside the old one, where a page has room for it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE messaging_message SET (fillfactor = 70)")


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('messaging', '0001_initial'),
        ('messaging', '0002_find_by_reference'),
        ('messaging', '0003_delivery_receipts'),
        ('messaging', '0004_gateway_health'),
        ('messaging', '0005_order_of_the_sweep'),
        ('messaging', '0006_phase'),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('sms', 'text message'), ('email', 'e-mail')], max_length=8)),
                ('kind', models.CharField(max_length=40)),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to=settings.AUTH_USER_MODEL)),
                ('is_code', models.BooleanField(default=False)),
                ('sealed', models.BinaryField(null=True)),
                ('to_index', models.CharField(blank=True, max_length=32)),
                ('to_masked', models.CharField(max_length=80)),
                ('reference', models.CharField(blank=True, max_length=8)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('sending', 'sending'), ('sent', 'sent'), ('delivered', 'delivered'), ('failed', 'failed'), ('expired', 'expired')], default='queued', max_length=10)),
                ('phase', models.GeneratedField(db_persist=True, expression=models.Case(models.When(state__in=['queued', 'sending'], then=models.Value('waiting')), models.When(channel='sms', state='sent', then=models.Value('unreported')), default=models.Value('over')), output_field=models.CharField(choices=[('waiting', 'Waiting'), ('unreported', 'Unreported'), ('over', 'Over')], max_length=10))),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('expires_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('claim', models.UUIDField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('gateway', models.CharField(blank=True, max_length=20)),
                ('gateway_reference', models.CharField(blank=True, max_length=80)),
                ('problem', models.CharField(blank=True, max_length=80)),
                ('sent_at', models.DateTimeField(null=True)),
                ('delayed_at', models.DateTimeField(null=True)),
                ('asked_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('request_id', models.CharField(blank=True, max_length=32)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(condition=models.Q(('phase', 'waiting')), fields=['-is_code', 'created_at'], name='message_to_hand_out'), models.Index(condition=models.Q(('phase', 'waiting')), fields=['expires_at'], name='message_to_expire'), models.Index(fields=['customer', '-created_at'], name='message_by_customer'), models.Index(fields=['reference', '-created_at'], name='message_by_reference'), models.Index(condition=models.Q(('to_index', ''), _negated=True), fields=['created_at'], name='message_by_age'), models.Index(condition=models.Q(('gateway_reference', ''), _negated=True), fields=['gateway_reference'], name='message_by_carrier'), models.Index(condition=models.Q(('channel', 'sms'), ('sent_at__isnull', False)), fields=['gateway', '-sent_at'], name='message_by_gateway'), models.Index(condition=models.Q(('phase', 'unreported')), fields=['sent_at'], name='message_unreported')],
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='messaging.message')),
                ('gateway', models.CharField(max_length=20)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('milliseconds', models.PositiveIntegerField()),
                ('result', models.CharField(max_length=80)),
            ],
            options={
                'default_permissions': (),
                'indexes': [models.Index(fields=['gateway', '-at'], name='attempt_by_gateway')],
            },
        ),
        migrations.CreateModel(
            name='GatewayHealth',
            fields=[
                ('gateway', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('left_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=20)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SendCount',
            fields=[
                ('key', models.CharField(max_length=48, primary_key=True, serialize=False)),
                ('resets_at', models.DateTimeField()),
                ('used', models.PositiveIntegerField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.RunPython(leave_room, migrations.RunPython.noop),
    ]
