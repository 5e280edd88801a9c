from uuid import uuid4

from django.db import migrations, models

from portal.audit import chain

_BATCH = 1000


def sign_as_found(apps, schema_editor):
    """Rows from before they were signed: from here on they cannot be changed either."""
    records = apps.get_model("audit", "AuditRecord").objects.using(schema_editor.connection.alias)
    last = 0
    while batch := list(records.filter(pk__gt=last).order_by("pk")[:_BATCH]):
        for row in batch:
            row.mark = uuid4()
            row.mac = chain.sign(row)
        records.bulk_update(batch, ["mark", "mac"])
        last = batch[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ("audit", "0002_permissions"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditrecord",
            name="mark",
            field=models.UUIDField(null=True, editable=False),
        ),
        migrations.AddField(
            model_name="auditrecord",
            name="mac",
            field=models.CharField(default="", editable=False, max_length=81),
            preserve_default=False,
        ),
        migrations.RunPython(sign_as_found, migrations.RunPython.noop),
    ]
