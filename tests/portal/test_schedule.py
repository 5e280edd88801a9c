"""What runs by itself."""

import pytest

from portal.celery import app
from portal.schedule import BEAT_SCHEDULE


@pytest.mark.parametrize("entry", BEAT_SCHEDULE.values(), ids=list(BEAT_SCHEDULE))
def test_every_scheduled_task_is_one_that_a_worker_knows(entry: dict[str, object]) -> None:
    """O4"""
    app.loader.import_default_modules()
    assert entry["task"] in app.tasks
