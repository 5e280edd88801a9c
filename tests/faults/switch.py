"""Run as `python -m tests.faults.switch`: changes of method whose process is killed after every single write.

For each number n a process of its own makes the change and kills itself once n writes are done, until one survives;
first from text messages to the app, then back. What the database holds afterwards is printed, a line for each n.
"""

import json
import os
import signal
import sys
import time
from base64 import b32encode
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import django

django.setup()

import pyotp  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Customer, Method, Purpose, SignIn  # noqa: E402
from accounts.services.login import Try  # noqa: E402
from portal.audit.events import Event  # noqa: E402
from portal.audit.models import AuditRecord  # noqa: E402
from portal.messaging import policy as messaging_policy  # noqa: E402
from portal.messaging import relay  # noqa: E402
from portal.messaging.models import Message  # noqa: E402
from tests.actors import PASSWORD  # noqa: E402
from twofactor.models import SoftToken  # noqa: E402
from twofactor.services import challenges, switching  # noqa: E402
from twofactor.services.login import first_step, second_step  # noqa: E402

_WRITES = ("INSERT", "UPDATE", "DELETE")
messaging_policy.RESEND_WAIT = timedelta(0)


def app_code(seed: bytes) -> str:
    """What the app shows now."""
    return pyotp.HOTP(b32encode(seed).decode()).at(int(time.time()) // 30)


def sms_code(sign_in: SignIn, purpose: Purpose) -> str:
    """The code on its way to the phone."""
    asked = challenges.current(sign_in, purpose)
    assert asked is not None
    assert asked.message is not None
    return relay._open(Message.objects.get(pk=asked.message.pk)).text[:6]


def log_in(seed: bytes) -> SignIn | None:
    """The session of a login by the method that the account says it has; None if it let nobody in."""
    SoftToken.objects.update(last_step=-1)  # so that no step has to be waited for
    verification = uuid4().hex
    facts = Try(
        number="100001", verification=verification, address="192.0.2.1", user_agent="", browser=None, language="en"
    )
    step = first_step(facts, PASSWORD, now=timezone.now())
    if not step.key:
        return None
    sign_in = SignIn.objects.select_related("customer").get(verification=verification)
    code = app_code(seed) if sign_in.method == Method.SOFT_TOKEN else sms_code(sign_in, Purpose.LOGIN)
    granted = second_step(sign_in, code, device="")[1]
    SoftToken.objects.update(last_step=-1)
    return SignIn.objects.select_related("customer").get(pk=sign_in.pk) if granted else None


def prove(sign_in: SignIn, method: Method) -> None:
    """Begin a change and prove the present method."""
    assert switching.begin(sign_in, method, now=timezone.now()) is None
    SignIn.objects.filter(pk=sign_in.pk).update(proof=Purpose.CHANGE_METHOD, proof_at=timezone.now())
    switching.after_proof(sign_in, source="192.0.2.1", language="en")


def in_a_process_killed_after(writes: int, act: Callable[[], object]) -> bool:
    """Act in a child that SIGKILLs itself after so many writes; whether it was killed."""
    connection.close()
    child = os.fork()
    if child == 0:
        done = 0

        def wrapper(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal done
            result = execute(sql, params, many, context)
            done += sql.lstrip().upper().startswith(_WRITES)
            if done == writes:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        try:
            with connection.execute_wrapper(wrapper):
                act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def look(way: str, writes: int, killed: bool, seed: bytes) -> None:
    """Print what is so now."""
    customer = Customer.objects.get(login="100001")
    facts = {
        "way": way,
        "writes": writes,
        "killed": killed,
        "method": customer.method,
        "bound": SoftToken.objects.filter(state="bound").count(),
        "seeds": SoftToken.objects.filter(state__in=["bound", "suspended"], sealed_seed__isnull=False).count(),
        "records": AuditRecord.objects.filter(event=Event.METHOD_CHANGED).count(),
        "notices": Message.objects.filter(kind="notice.method_changed").count(),
        "epoch": customer.security_epoch,
        "login": log_in(seed) is not None,
    }
    sys.stdout.write(json.dumps(facts) + "\n")


def main() -> None:
    """Both ways."""
    if connection.vendor == "postgresql":  # a pool has threads, which a fork leaves behind
        connection.settings_dict["OPTIONS"].pop("pool", None)
    Customer.objects.update(email="amy@example.com")
    sign_in = log_in(b"")
    assert sign_in is not None
    prove(sign_in, Method.SOFT_TOKEN)
    shown = switching.show_key(sign_in, "Phone", after="")
    assert shown is not None
    seed = shown.seed
    killed, writes = True, 0
    while killed:
        writes += 1
        killed = in_a_process_killed_after(writes, partial(switching.confirm_token, sign_in, app_code(seed)))
        look("to the app", writes, killed, seed)
    sign_in = log_in(seed)
    assert sign_in is not None
    prove(sign_in, Method.SMS)
    code = sms_code(sign_in, Purpose.NEW_METHOD)
    killed, writes = True, 0
    while killed:
        writes += 1
        killed = in_a_process_killed_after(writes, partial(switching.confirm_sms, sign_in, code))
        look("back", writes, killed, seed)


if __name__ == "__main__":
    main()
