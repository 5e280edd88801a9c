"""`manage.py sms_gateways`."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.messaging.health import Figures, figures
from portal.messaging.routing import routes, used


class Command(BaseCommand):
    help = "Print which gateways text messages take, and how each did in the last hour."

    def handle(self, *_args: object, **_options: object) -> None:
        now = timezone.now()
        for country, route in routes().items():
            self.stdout.write(f"+{country}: {', '.join(route)}")
        for name in used():
            self.stdout.write(f"{name}: {_told(figures(name, now))}")


def _told(found: Figures) -> str:
    parts = [
        f"{found.accepted} of {found.calls} calls accepted",
        f"{found.to_accept} ms",
        f"{found.delivered} of {found.sent} delivered",
    ]
    if found.to_deliver:
        parts.append(f"after {found.to_deliver:.1f} s")
    if found.left_at and found.share < 1:
        since = f"{timezone.localtime(found.left_at):%H:%M:%S}"
        parts.append(f"left at {since} ({found.reason}), gets {found.share:.0%} of its traffic")
    return ", ".join(parts)
