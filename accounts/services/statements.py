"""The statements on sessions that every login and every page pays for, composed once in each process."""

from typing import Any

from django.db.models import BooleanField, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from accounts.models import Result, SignIn
from portal.lib.prepared import Prepared, PreparedUpdate, slot

#: What ends a session: an emergency that is on, or that began after the session did, over or not.
_ALL_FROZEN = RawSQL(
    "EXISTS (SELECT 1 FROM accounts_emergency emergency"
    " WHERE emergency.ended_at IS NULL OR emergency.began_at >= accounts_signin.at)",
    [],
    output_field=BooleanField(),
)


def _by_key(*related: str) -> Prepared[SignIn]:
    return Prepared(
        lambda: (
            SignIn.objects.select_related(*related)
            .annotate(all_frozen=_ALL_FROZEN)
            .filter(key_digest=slot(SignIn, "key_digest"))
        )
    )


#: The session of a key with its account, and `all_frozen`; the second also with the login before it.
BY_KEY = _by_key("customer")
BY_KEY_WITH_PREVIOUS = _by_key("customer", "previous")

STARTED = ("customer_id", "result", "method", "epoch", "key_digest", "last_seen_at", "known_browser")
START = PreparedUpdate(
    lambda: (SignIn.objects.filter(pk=slot(SignIn, "id", "pk")), {name: slot(SignIn, name) for name in STARTED})
)

FINISHED = ("key_digest", "device", "browser_digest", "result", "method", "epoch", "proven_at", "last_seen_at")


def _finish() -> tuple[QuerySet[SignIn], dict[str, Any]]:
    pending = SignIn.objects.filter(
        pk=slot(SignIn, "id", "pk"),
        key_digest=slot(SignIn, "key_digest", "pending_key"),
        result=slot(SignIn, "result", "waited_as"),
        ended_at__isnull=True,
    )
    # The login before this one: told on the home page.
    earlier = SignIn.objects.filter(customer=slot(SignIn, "customer_id"), result=Result.SUCCESS).order_by("-at")
    return pending, {
        **{name: slot(SignIn, name) for name in FINISHED},
        "previous": Subquery(earlier.values("pk")[:1]),
    }


FINISH = PreparedUpdate(_finish)
