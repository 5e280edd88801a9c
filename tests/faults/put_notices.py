"""Run as `python -m tests.faults.put_notices N [sms]`: so many notices in the outbox, by e-mail or by text message."""

import sys
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from portal.messaging import outbox  # noqa: E402
from portal.messaging.models import Channel  # noqa: E402

if __name__ == "__main__":
    by_text = sys.argv[2:] == ["sms"]
    for place in range(int(sys.argv[1])):
        outbox.put(
            channel=Channel.SMS if by_text else Channel.EMAIL,
            kind="notice.login",
            to=f"+8529124{place:04d}" if by_text else f"c{place}@example.com",
            subject="Login",
            text="There was a login.",
            expires_at=timezone.now() + timedelta(hours=1),
        )
