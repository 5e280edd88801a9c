import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from portal.audit import append_only


def refuse_changes(apps, schema_editor):
    """SQLite alters a table by making it anew, which loses what guards it."""
    append_only.install(schema_editor.connection, ["audit_auditrecord"])


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0007_freezes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, refuse_changes),
        migrations.AlterField(
            model_name='auditrecord',
            name='actor',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='auditrecord',
            name='subject',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_records', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunPython(refuse_changes, migrations.RunPython.noop),
    ]
