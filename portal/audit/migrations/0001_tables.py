import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.audit import append_only


def refuse_changes(apps, schema_editor):
    """What was added stays as it is."""
    append_only.install(schema_editor.connection)


def allow_changes(apps, schema_editor):
    """The way back."""
    append_only.remove(schema_editor.connection)


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('audit', '0001_initial'),
        ('audit', '0002_permissions'),
        ('audit', '0003_signed_records'),
        ('audit', '0004_chain'),
        ('audit', '0005_by_actor'),
        ('audit', '0006_by_subject_and_time'),
        ('audit', '0007_freezes'),
        ('audit', '0008_fewer_indexes'),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('event', models.CharField(max_length=40)),
                ('actor', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('subject', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_records', to=settings.AUTH_USER_MODEL)),
                ('facts', models.JSONField(default=dict)),
                ('request_id', models.CharField(blank=True, max_length=32)),
                ('mark', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('mac', models.CharField(editable=False, max_length=81)),
            ],
            options={
                'ordering': ['-id'],
                'permissions': [('view_audit', 'May read the audit trail'), ('export_audit', 'May verify and export the audit trail')],
                'default_permissions': (),
                'indexes': [models.Index(fields=['subject', '-at', '-id'], name='audit_by_subject'), models.Index(fields=['actor', 'event', 'at'], name='audit_by_actor'), models.Index(condition=models.Q(('event', 'account.frozen')), fields=['at'], name='audit_of_freezes')],
            },
        ),
        migrations.CreateModel(
            name='AuditLink',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('record', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='link', to='audit.auditrecord')),
                ('sealed_at', models.DateTimeField()),
                ('digest', models.CharField(max_length=81)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('position', models.BigIntegerField()),
                ('digest', models.CharField(blank=True, max_length=81)),
                ('made_at', models.DateTimeField()),
                ('text', models.TextField()),
            ],
            options={
                'ordering': ['-day'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AuditCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('seconds', models.PositiveIntegerField()),
                ('records', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('heads', models.PositiveIntegerField()),
                ('faults', models.PositiveIntegerField()),
                ('worst', models.JSONField(default=list)),
                ('unchecked', models.JSONField(default=list)),
            ],
            options={
                'ordering': ['-at'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AuditDuty',
            fields=[
                ('name', models.CharField(max_length=10, primary_key=True, serialize=False)),
                ('taken_until', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.RunPython(refuse_changes, allow_changes),
    ]
