from django.conf import settings
from django.db import migrations, models


def leave_room(apps, schema_editor):
    """PostgreSQL: a new version of a row goes beside the old one, where a page has room for it."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE messaging_message SET (fillfactor = 70)")


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0005_order_of_the_sweep'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(leave_room, migrations.RunPython.noop),
        migrations.RemoveIndex(
            model_name='message',
            name='message_unreported',
        ),
        migrations.RemoveIndex(
            model_name='message',
            name='message_to_hand_out',
        ),
        migrations.RemoveIndex(
            model_name='message',
            name='message_to_expire',
        ),
        migrations.AddField(
            model_name='message',
            name='phase',
            field=models.GeneratedField(db_persist=True, expression=models.Case(models.When(state__in=['queued', 'sending'], then=models.Value('waiting')), models.When(channel='sms', state='sent', then=models.Value('unreported')), default=models.Value('over')), output_field=models.CharField(choices=[('waiting', 'Waiting'), ('unreported', 'Unreported'), ('over', 'Over')], max_length=10)),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('phase', 'waiting')), fields=['-is_code', 'created_at'], name='message_to_hand_out'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('phase', 'waiting')), fields=['expires_at'], name='message_to_expire'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('phase', 'unreported')), fields=['sent_at'], name='message_unreported'),
        ),
    ]
