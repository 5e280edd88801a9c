"""`manage.py run_smpp`, `--state`."""

import asyncio
from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import close_old_connections
from prometheus_client import start_http_server

from portal.messaging import receipts
from portal.messaging.gateways import smpp
from portal.messaging.gateways.base import Receipt, Unavailable
from portal.messaging.smpp import process
from portal.messaging.smpp.door import Taken

_STATE_WITHIN = 3.0  # seconds


class Command(BaseCommand):
    help = (
        "Hold the SMPP bind of this host: hands the workers' texts to the carrier and writes its receipts down, until "
        "SIGTERM. One process on each host that runs workers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--state", action="store_true", help="say whether the bind stands; 1 if it does not")

    def handle(self, *, state: bool, **_options: object) -> None:
        if state:
            self._show()
            return
        account = settings.SMS_SMPP
        if missing := account.missing():
            raise CommandError(missing)
        if account.metrics_address:
            host, _separator, port = account.metrics_address.rpartition(":")
            start_http_server(int(port), host.strip("[]"))
        try:
            asyncio.run(process.run(account, _take))
        except Taken as taken:
            raise CommandError(str(taken)) from None

    def _show(self) -> None:
        try:
            found = smpp.ask("state", _STATE_WITHIN)
        except Unavailable as away:
            raise CommandError(f"{away}.") from None
        for bind, condition in found.get("binds", {}).items():
            self.stdout.write(f"{bind}: {condition}")
        self.stdout.write(f"texts on their way: {found.get('waiting', 0)}")
        if not found.get("bound"):
            raise CommandError("Not bound.")


def _take(receipt: Receipt) -> bool:
    """Write one receipt down, over a connection to the database that still stands."""
    close_old_connections()
    try:
        return receipts.take("smpp", receipt)
    finally:
        close_old_connections()
