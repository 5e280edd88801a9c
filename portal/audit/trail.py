"""Writing to the audit trail."""

from collections.abc import Mapping
from uuid import uuid4

import structlog
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils import timezone

from portal.audit import chain
from portal.audit.events import Event
from portal.audit.models import AuditRecord
from portal.lib.prepared import PreparedInsert

_NEW = PreparedInsert(AuditRecord)


def record(
    event: Event,
    *,
    actor: AbstractBaseUser | None = None,
    subject: AbstractBaseUser | None = None,
    facts: Mapping[str, str | int | bool | None] | None = None,
) -> AuditRecord:
    """Add one row in the caller's transaction, so that the deed and its record stand or fall together.

    The row is signed here and chained after the commit (`portal.audit.sealing`): writers do not wait for each other.
    """
    row = AuditRecord(  # with every column, so that no default is looked for
        at=timezone.now(),
        event=event,
        actor_id=actor.pk if actor else None,
        subject_id=subject.pk if subject else None,
        facts=dict(facts or {}),
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
        mark=uuid4(),
    )
    row.mac = chain.sign(row)
    return _NEW.insert(row)
