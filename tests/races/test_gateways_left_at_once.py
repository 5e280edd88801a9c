"""Many workers that see the same trouble at the same moment: one move, and one mail to staff."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from portal.messaging import health, policy
from portal.messaging.models import GatewayHealth, Message
from tests.messaging.far import fill
from tests.races.together import together


def _leaves(name: str) -> Callable[[], bool]:
    now = timezone.now()
    return lambda: health._leave(name, ("alpha", "beta"), "failing", now)


def test_one_gateway_is_left_once() -> None:
    """S6"""
    assert together(_leaves("alpha") for _ in range(12)).count(True) == 1
    assert Message.objects.filter(kind="alarm").count() == 1


def test_of_two_that_stand_in_for_each_other_one_is_left() -> None:
    """S6: whoever sees it"""
    left = together(_leaves(name) for name in ["alpha", "beta"] * 6)
    assert left.count(True) == 1
    assert GatewayHealth.objects.filter(left_at__isnull=False).count() == 1


def test_every_worker_turns_to_the_other_at_once() -> None:
    """S6"""
    fill("alpha", "unavailable: HTTP 500", 3)
    now = timezone.now() + timedelta(milliseconds=1)
    health.forget()
    message = Message.objects.get()
    together([lambda: health.ordered(["alpha", "beta"], message.pk, now)] * 12)
    later = now + policy.LOOK_EVERY
    assert together([lambda: health.ordered(["alpha", "beta"], message.pk, later)] * 12) == [["beta", "alpha"]] * 12
    assert GatewayHealth.objects.filter(left_at__isnull=False).count() == 1
    health.forget()
