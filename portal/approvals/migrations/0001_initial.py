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
            name='Proposal',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(max_length=12, unique=True)),
                ('kind', models.CharField(max_length=30)),
                ('state', models.CharField(choices=[('open', 'waiting for approval'), ('returned', 'returned to the maker'), ('approved', 'approved'), ('rejected', 'rejected'), ('lapsed', 'lapsed'), ('withdrawn', 'withdrawn by the maker')], default='open', max_length=10)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('subject', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to=settings.AUTH_USER_MODEL)),
                ('matter', models.CharField(max_length=64)),
                ('maker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reason', models.CharField(max_length=500)),
                ('sealed_before', models.BinaryField()),
                ('sealed_after', models.BinaryField()),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('sent_at', models.DateTimeField()),
                ('lapses_at', models.DateTimeField()),
                ('checker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'ordering': ['sent_at', 'pk'],
                'default_permissions': (),
                'indexes': [models.Index(condition=models.Q(('state__in', ['open', 'returned'])), fields=['sent_at'], name='proposals_undecided'), models.Index(fields=['maker', '-made_at'], name='proposals_by_maker'), models.Index(fields=['decided_at'], name='proposals_by_end')],
                'constraints': [models.CheckConstraint(condition=models.Q(('checker__isnull', True), models.Q(('checker', models.F('maker')), _negated=True), _connector='OR'), name='maker_is_not_checker'), models.UniqueConstraint(condition=models.Q(('state__in', ['open', 'returned'])), fields=('kind', 'matter'), name='one_undecided_proposal'), models.CheckConstraint(condition=models.Q(models.Q(('checker__isnull', True), ('decided_at__isnull', True), ('state', 'open')), models.Q(('checker__isnull', False), ('decided_at__isnull', False), ('state__in', ['returned', 'approved', 'rejected']), models.Q(('decision_reason', ''), _negated=True)), models.Q(('decided_at__isnull', False), ('state__in', ['lapsed', 'withdrawn'])), _connector='OR'), name='a_decision_has_checker_and_time'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='a_proposal_has_a_reason')],
            },
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='approvals.proposal')),
                ('kind', models.CharField(choices=[('pdf', 'PDF'), ('jpeg', 'JPEG'), ('png', 'PNG')], max_length=4)),
                ('size', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('file', models.CharField(max_length=32, unique=True)),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['added_at', 'pk'],
                'default_permissions': (),
            },
        ),
    ]
