"""Run as `python -m tests.faults.put_notices N`: so many notices by e-mail in the outbox."""

import sys
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from portal.messaging import outbox  # noqa: E402
from portal.messaging.models import Channel  # noqa: E402

if __name__ == "__main__":
    for place in range(int(sys.argv[1])):
        outbox.put(
            channel=Channel.EMAIL,
            kind="notice.login",
            to=f"c{place}@example.com",
            subject="Login",
            text="There was a login.",
            expires_at=timezone.now() + timedelta(hours=1),
        )
