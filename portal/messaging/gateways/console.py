"""A gateway for a developer's terminal: writes the text to standard output. Production refuses to start with it."""

import sys

from portal.messaging.gateways.base import Envelope, Forged, Receipt, ReceiptRequest


class ConsoleGateway:
    """Shows each message instead of sending it."""

    name = "console"

    def send(self, envelope: Envelope, timeout: float) -> str:
        sys.stdout.write(f"SMS to {envelope.to}: {envelope.text}\n")
        sys.stdout.flush()
        return "console"

    def receipts(self, request: ReceiptRequest) -> list[Receipt]:
        raise Forged("the console has no receipts")
