"""The Celery application: workers nudge the outbox, beat walks `portal.schedule`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_ready
from django.conf import settings

from portal import checks
from portal.schedule import BEAT_SCHEDULE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = BEAT_SCHEDULE
app.autodiscover_tasks()


@worker_init.connect
def _refuse(**_: Any) -> None:
    """Do not take codes that could not leave: they are another worker's, or wait for one."""
    if reasons := checks.why_not_to_start():
        raise SystemExit("\n".join(reasons))


@worker_ready.connect
def _serve_figures(**_: Any) -> None:
    """Let Prometheus read this worker's figures where no web server shares them."""
    if settings.WORKER_METRICS_ADDRESS:
        # The client decides at import whether processes share their figures, and the settings tell it: not before them.
        from prometheus_client import start_http_server  # noqa: PLC0415

        host, _separator, port = settings.WORKER_METRICS_ADDRESS.rpartition(":")
        start_http_server(int(port), host.strip("[]"))


@worker_ready.connect
def _first_beat(sender: Any, **_: Any) -> None:
    """Sweep at once: what waited while no worker was there leaves now, and the health page knows of this one."""
    sender.app.send_task("messaging.sweep", expires=10, queue="codes")
