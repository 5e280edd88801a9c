from django.db import migrations


def forget_the_right(apps, schema_editor):
    """No role may unfreeze whatever it likes alone any more."""
    permissions = apps.get_model("auth", "Permission").objects
    permissions.filter(content_type__app_label="accounts", codename="unfreeze_any").delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_staff_and_roles'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='customer',
            options={'permissions': [('unfreeze_wrong_codes', 'May unfreeze an account that wrong codes froze'), ('end_sessions', 'May end every session of a client'), ('reveal_contacts', 'May see a contact in full, with a reason'), ('freeze_one', 'May freeze one client'), ('freeze_fraud', 'May freeze a client for fraud'), ('freeze_all', 'May freeze many clients, or all'), ('propose', 'May propose what needs a second person'), ('approve', 'May approve what a colleague proposed'), ('override_hold', 'May lift a hold after a change'), ('read_surveillance', 'May read the daily report'), ('list_rights', 'May list who may do what'), ('manage_staff', 'May make and change accounts of colleagues'), ('enrol_staff', 'May issue the first enrolment code of a colleague')], 'verbose_name': 'client', 'verbose_name_plural': 'clients'},
        ),
        migrations.RunPython(forget_the_right, migrations.RunPython.noop),
    ]
