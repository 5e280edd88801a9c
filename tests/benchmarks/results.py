"""From what was measured to the figures that are promised."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tests.benchmarks.cluster import Statement
from tests.benchmarks.cost import LOGINS, ROUNDS, Costs
from tests.benchmarks.figures import Figure, Report, aligned, percentile
from tests.benchmarks.forgotten import Asked
from tests.benchmarks.login import STEPS
from tests.benchmarks.pace import Paced
from tests.benchmarks.page import Page
from tests.benchmarks.sending import Sending
from tests.benchmarks.site import Site
from tests.benchmarks.token_app import TokenApp

_OF_FEW = ROUNDS * LOGINS
_QUERY_SHOWN = 110  # characters


def add_costs(report: Report, costs: Costs) -> None:
    """CPU time, statements and bytes of one login."""
    one = costs.median
    report.add(
        Figure(
            "login_web_bare_requests", "Login without its own hash: web CPU in bare requests",
            one(lambda r: (r.few.web - r.own_check) / r.bare), "requests", 28,
        ),
        Figure("login_web_hashes", "Login with the hash: web CPU in bare hashes", one(lambda r: r.few.web / r.argon2),
               "hashes", 1.6),
        Figure("login_sql_statements", "SQL statements of a login", _calls(costs.statements) / _OF_FEW,
               "statements", 18),
        Figure("login_million_ratio", "Login, 1,000,000 accounts to 1,000",
               one(lambda r: r.many.whole / r.few.whole), "times", 1.1),
        Figure("wrong_password_million_ratio", "Wrong password, 1,000,000 accounts to 1,000",
               one(lambda r: r.many_wrong.whole / r.few_wrong.whole), "times", 1.1),
        Figure("token_login_beside_sms", "Login by mobile security code beside one by text message: CPU",
               one(lambda r: r.token.whole - r.few.whole), "ms", 1),
        Figure("login_web_cpu", "Login: web CPU, hash included", one(lambda r: r.few.web), "ms"),
        *(
            Figure(f"login_web_cpu_{step.replace(' ', '_')}", f"  {step}", spent, "ms")
            for step, spent in zip(STEPS, costs.steps(), strict=True)
        ),
        Figure("login_postgres_cpu", "Login: PostgreSQL CPU, sending included", one(lambda r: r.few.postgres), "ms"),
        Figure("login_worker_cpu", "Login: worker CPU", one(lambda r: r.few.worker), "ms"),
        Figure("login_million_web_cpu", "Login with 1,000,000 accounts: web CPU", one(lambda r: r.many.web), "ms"),
        Figure("login_million_postgres_cpu", "Login with 1,000,000 accounts: PostgreSQL CPU",
               one(lambda r: r.many.postgres), "ms"),
        Figure("wrong_password_cpu", "Wrong password: web and PostgreSQL CPU", one(lambda r: r.few_wrong.whole), "ms"),
        Figure("login_requests", "Requests of a login", len(STEPS), "requests"),
        Figure("login_bytes", "Bytes over the wire of a login's pages",
               sum(each.wire_bytes for each in costs.logins) / len(costs.logins) / 1024, "KB"),
        Figure("bare_request_cpu", "Bare Django view: web CPU", one(lambda r: r.bare), "ms"),
        Figure("startproject_request_cpu", "Bare Django view, startproject's middleware: web CPU",
               one(lambda r: r.startproject), "ms"),
        Figure("argon2_cpu", "Bare Argon2id check (m=19456, t=2, p=1), Django's library: CPU",
               one(lambda r: r.argon2), "ms"),
        Figure("own_argon2_cpu", "  the same, the portal's hasher", one(lambda r: r.own_check), "ms"),
    )  # fmt: skip


def add_pace(report: Report, paced: Sequence[Paced]) -> None:
    """How long things take at a steady pace."""
    way = [each.to_carrier * 1000 for each in paced]
    limits = {50: 50.0, 95: None, 99: 250.0}
    report.add(
        *(
            Figure(f"to_carrier_p{p}", f"Password sent to text at the carrier, p{p}", percentile(way, p), "ms", limit)
            for p, limit in limits.items()
        ),
        Figure("to_carrier_answer_p50", "  of it, until the password is answered, p50",
               percentile([each.login.exchanges[1].seconds * 1000 for each in paced], 50), "ms"),
        Figure("to_carrier_rest_p50", "  of it, after the answer, p50",
               percentile([each.after_answer * 1000 for each in paced], 50), "ms"),
        Figure("pace_late_p99", "  a login began later than planned, p99",
               percentile([each.late * 1000 for each in paced], 99), "ms"),
    )  # fmt: skip
    times = {"login": [each.login.seconds * 1000 for each in paced]}
    for place, step in enumerate(STEPS):
        times[step] = [each.login.exchanges[place].seconds * 1000 for each in paced]
    for what, values in times.items():
        title = "All five requests of a login" if what == "login" else f"  {what}"
        report.add(
            *(Figure(f"{what.replace(' ', '_')}_p{p}", f"{title}, p{p}", percentile(values, p), "ms") for p in limits)
        )


def add_forgotten(report: Report, asked: Asked) -> None:
    """Whether the time of an answer tells who has an account."""
    report.add(
        Figure("forgotten_known_ratio", "Asking for a new password, a number with an account to one without",
               asked.known / asked.unknown, "times", 1.1),
        Figure("forgotten_known", "  with an account, p50", asked.known, "ms"),
        Figure("forgotten_unknown", "  without, p50", asked.unknown, "ms"),
    )  # fmt: skip


def add_page(report: Report, page: Page) -> None:
    """The login page over the wire."""
    report.add(
        Figure("login_page_bytes", "Login page with everything, over the wire", page.wire_bytes / 1024, "KB", 60),
        Figure("login_page_stylesheets", "Stylesheets of the login page", page.stylesheets, "files", 1),
        Figure("login_page_needs_script", "Scripts and fields that keep the login page from being filled in",
               page.needs_script, "things", 0),
        Figure("login_page_html_bytes", "  its HTML alone", page.html_bytes / 1024, "KB"),
        Figure("login_page_requests", "  requests to load it", page.requests, "requests"),
    )  # fmt: skip


def add_start(report: Report, seconds: float) -> None:
    """How soon whoever types `make run` stands before a page."""
    report.add(Figure("embedded_start", "Embedded portal, first start: until its login page", seconds, "s", 10))


def add_token_app(report: Report, app: TokenApp) -> None:
    """The token app over the wire, and how soon it shows a code."""
    report.add(
        Figure("token_app_bytes", "Token app: everything over the wire", app.wire_bytes / 1024, "KB", 40),
        Figure("token_app_offline_code", "Token app: code on screen, offline", percentile(app.to_code, 50), "ms", 200),
        Figure("token_app_offline_code_slowest", "  the slowest start", max(app.to_code), "ms"),
        Figure("token_app_requests", "  requests to load and install it", app.requests, "requests"),
    )


def add_audit(
    report: Report,
    *,
    plain: float,
    audit: float,
    plain_of_many: float,
    audit_of_many: float,
    written: float,
    chained: float,
) -> None:
    """What a writer pays for a row of the audit trail."""
    report.add(
        Figure("audit_write_extra", "Row of the audit trail, more than a plain insert, one writer", audit - plain,
               "ms", 1),
        Figure("audit_write_extra_of_many", "Row of the audit trail, more than a plain insert, 20 writers",
               audit_of_many - plain_of_many, "ms", 1),
        Figure("audit_write", "Row of the audit trail, one writer", audit, "ms"),
        Figure("audit_write_plain", "Plain insert of the same columns, one writer", plain, "ms"),
        Figure("audit_write_of_many", "Row of the audit trail, each of 20 writers", audit_of_many, "ms"),
        Figure("audit_write_plain_of_many", "Plain insert of the same columns, each of 20 writers", plain_of_many,
               "ms"),
        Figure("audit_written_rate", "Rows of the audit trail written a second, 20 writers beside the sealer", written,
               "rows", better="higher"),
        Figure("audit_chained_rate", "Rows of the audit trail chained a second beside them", chained, "rows",
               better="higher"),
    )  # fmt: skip


def add_finding(report: Report, few: Mapping[str, float], many: Mapping[str, float]) -> None:
    """What the desk's search costs, its row in the audit trail included, with 1,000 and 1,000,000 accounts."""
    kinds = [kind for kind in many if kind != "statements"]
    worst = max(kinds, key=lambda kind: many[kind])
    report.add(
        Figure("find_million", f"Finding a client among 1,000,000, the slowest way ({worst})", many[worst], "ms", 50),
        Figure("find_statements", "SQL statements of finding a client", many["statements"], "statements", 3),
        Figure("find_million_ratio", "Finding a client, 1,000,000 accounts to 1,000",
               max(many[kind] / few[kind] for kind in kinds), "times", 3),
        *(Figure(f"find_{kind}", f"  by {kind.replace('_', ' ')}", many[kind], "ms") for kind in kinds),
    )  # fmt: skip


def add_finding_requests(report: Report, requests: Mapping[str, float]) -> None:
    """What the whole request of a search costs, with 1,000,000 accounts."""
    report.add(
        Figure("find_request", "Finding a client among 1,000,000, the whole request", requests["median"], "ms"),
        Figure("find_request_p99", "  its 99th percentile", requests["p99"], "ms"),
        Figure("find_request_statements", "  its SQL statements", requests["statements"], "statements"),
    )


def add_sending(report: Report, sent: Sending) -> None:
    """What one worker on one core sends, and what stands in the way of a code."""
    for name, title, rate, least in (
        ("http", "a gateway that takes 200 ms", sent.http, 150),
        ("smpp", "SMPP", sent.smpp, 300),
    ):
        report.add(
            Figure(f"send_{name}_milliseconds", f"One worker over {title}: time for a message", 1000 / rate.per_second,
                   "ms", 1000 / least),
            Figure(f"send_{name}_cpu", "  its CPU for a message", rate.cpu, "ms", 4),
            Figure(f"send_{name}_memory", "  its memory", rate.memory, "MB", 150),
            Figure(f"send_{name}_rate", "  messages a second", rate.per_second, "messages"),
        )  # fmt: skip
    few, many = sent.claims
    report.add(
        Figure("code_behind_notices_p99", "A code behind 20,000 notices: commit to the carrier's hands, p99",
               percentile(list(sent.behind_notices), 99), "ms", 500),
        Figure("claim_backlog_ratio", "Claiming a message, a backlog of 100,000 to one of 100", many / few,
               "times", 1.2),
        Figure("claim", "  among 100,000", many, "ms"),
        Figure("sweep_backlog_ratio", "Choosing what a sweep hands out, a backlog of 100,000 to one of 100",
               sent.sweeps[1] / sent.sweeps[0], "times", 1.2),
        Figure("sweep", "  among 100,000", sent.sweeps[1], "ms"),
    )  # fmt: skip


def add_memory(report: Report, few: Site, many: Site) -> None:
    """What a worker holds after all that."""
    memory = max(few.web.memory(), many.web.memory())
    report.add(Figure("worker_memory", "Memory of the largest web worker", memory, "MB"))


def _calls(statements: Sequence[Statement]) -> int:
    return sum(each.calls for each in statements)


def statements_table(statements: Sequence[Statement]) -> str:
    """The statements of one login: how often, and PostgreSQL's time for all of them together."""
    calls: defaultdict[str, int] = defaultdict(int)
    spent: defaultdict[str, float] = defaultdict(float)
    for each in statements:
        query = " ".join(each.query.split())[:_QUERY_SHOWN]
        calls[query] += each.calls
        spent[query] += each.milliseconds
    rows = [
        (f"{number / _OF_FEW:.2f}", f"{spent[query] / _OF_FEW:.3f}", query)
        for query, number in sorted(calls.items(), key=lambda pair: -spent[pair[0]])
    ]
    return aligned([("calls", "ms", "SQL of a login"), *rows], right={0, 1})
