"""Measures the login from end to end, the desk and the sending, and prints every figure beside its limit.

A missed limit is printed, not an error: the exit code is 0 whenever everything could be measured.
"""

import argparse
import json
import sys
import time

from tests.benchmarks import cost, embedded, forgotten, pace, page, results, sending, token_app
from tests.benchmarks.clients import crowd
from tests.benchmarks.cluster import OWNER
from tests.benchmarks.figures import FILE, Report
from tests.benchmarks.house import House, house, profile
from tests.benchmarks.meter import Visitors
from tests.benchmarks.processes import BASE_DIR, BenchError
from tests.benchmarks.site import start_site, start_web

LONGEST = 780  # seconds for a whole run
FEW, MANY = 1_000, 1_000_000
#: For every login, every wrong and every forgotten password, the warm ones too.
PROOFS = 5 * (cost.WARM + cost.ROUNDS * cost.LOGINS) + pace.LOGINS + forgotten.PROOFS

_began = time.monotonic()


def say(what: str) -> None:
    """Progress, on standard error."""
    print(f"[{time.monotonic() - _began:5.0f} s] {what}", file=sys.stderr, flush=True)


def measure(built: House) -> str:
    """Everything, one after the other; the report as text. It is also written to the file."""
    processes, cluster, folder = built.processes, built.cluster, built.folder
    say(f"a portal with {FEW:,} accounts")
    few = start_site(processes, cluster, folder, built.env, "few", FEW)
    say(f"a portal with {MANY:,} accounts")
    many = start_site(processes, cluster, folder, built.env, "many", MANY)
    bare = start_web(processes, "bare", built.env, "tests.benchmarks.bare:application")
    with_middleware = {**built.env, "BENCH_MIDDLEWARE": "1"}
    startproject = start_web(processes, "startproject", with_middleware, "tests.benchmarks.bare:application")
    say("answers to the system verification")
    url = cluster.url("few", "portal")
    proofs = iter(built.module("proofs", str(PROOFS), DATABASE_URL=url, REDIS_URL="unix:///nowhere")[-PROOFS:])
    few_visitors, many_visitors = Visitors(few, crowd(FEW)), Visitors(many, crowd(MANY))
    report = Report()
    costs = cost.measure(built, few_visitors, many_visitors, bare, startproject, proofs, say)
    say(f"{pace.LOGINS} logins, {pace.PER_SECOND} a second")
    paced = pace.measure(built, many, many_visitors.clients, proofs)
    say("forgotten passwords")
    asked_for = forgotten.measure(few_visitors, proofs)
    processes.check()
    results.add_costs(report, costs)
    results.add_pace(report, paced)
    results.add_forgotten(report, asked_for)
    results.add_page(report, page.weigh(few.web))
    say("the audit trail")
    urls = [cluster.url(name, OWNER) for name in ("few", "many")]
    written = built.module("audit", DATABASE_URL=urls[0], REDIS_URL="unix:///nowhere", DATABASE_POOL="24")
    results.add_audit(report, **json.loads(written[-1]))
    say("finding a client")
    asked = [built.module("finding", DATABASE_URL=url, REDIS_URL="unix:///nowhere")[-1] for url in urls]
    (few_searches, _), (many_searches, requests) = map(json.loads, asked)
    results.add_finding(report, few_searches, many_searches)
    results.add_finding_requests(report, requests)
    say("the token app")
    results.add_token_app(report, token_app.measure(few.web))
    results.add_memory(report, few, many)
    say("the embedded portal")
    results.add_start(report, embedded.start(built))
    say("the worker at full load, and codes behind notices")
    results.add_sending(report, sending.measure(built))
    report.write()
    return f"{results.statements_table(costs.statements)}\n\n{report.table()}"


def main() -> int:
    """0 when everything was measured, 1 when something could not be, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--profile", action="store_true", help="show where the web's CPU time goes, and nothing else")
    arguments = parser.parse_args()
    try:
        if arguments.profile:
            print(profile(LONGEST))
            return 0
        with house(LONGEST) as built:
            text = measure(built)
    except BenchError as error:
        print(f"Nothing was measured: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    print(f"{text}\nWritten to {FILE.relative_to(BASE_DIR)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
