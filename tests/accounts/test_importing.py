"""The import of accounts from the back office (O1)."""

import base64
import csv
import stat
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import (
    Argon2PasswordHasher,
    BasePasswordHasher,
    BCryptSHA256PasswordHasher,
    PBKDF2PasswordHasher,
    ScryptPasswordHasher,
    check_password,
    make_password,
)
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import AccountState, Customer, FreezeCause
from accounts.services.importing import FileRefused, Summary, import_accounts, run, writing
from portal.audit.events import Event
from portal.audit.models import AuditRecord

pytestmark = pytest.mark.django_db

HEADER = "number,name,language,mobile,email,postal_address,state,password_hash\n"
AMY = "100001,Amy Chan,en,9123 4567,amy@example.com,1 Queen's Road,active,\n"


class Importer:
    """Imports texts and keeps what was reported."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "accounts.csv"
        self.report_path = folder / "refused.csv"

    def __call__(self, text: str | bytes, *, dry_run: bool = False) -> Summary:
        self.file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return import_accounts(self.file, report_path=self.report_path, dry_run=dry_run)

    @property
    def report(self) -> list[dict[str, str]]:
        with self.report_path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def reasons(self) -> list[tuple[str, str, str]]:
        return [(line["line"], line["field"], line["reason"]) for line in self.report]


@pytest.fixture
def importing(tmp_path: Path) -> Importer:
    return Importer(tmp_path)


def client(number: str = "100001", **fields: Any) -> Customer:
    return Customer.objects.create_client(number, name=fields.pop("name", "Amy Chan"), **fields)


def everything() -> list[dict[str, Any]]:
    return [dict(row) for row in Customer.objects.order_by("login").values()]


def events() -> list[str]:
    return list(AuditRecord.objects.order_by("pk").values_list("event", flat=True))


class TestNewAccounts:
    def test_a_new_account_has_its_data_and_a_password_that_nothing_matches(self, importing: Importer) -> None:
        """O1."""
        summary = importing(HEADER + AMY)
        amy = Customer.objects.get(login="100001")
        assert (amy.name, amy.language, amy.mobile) == ("Amy Chan", "en", "+85291234567")
        assert (amy.email, amy.postal_address) == ("amy@example.com", "1 Queen's Road")
        assert not amy.has_usable_password()
        assert amy.must_change_password
        assert (amy.state, amy.method, amy.is_staff, amy.is_superuser) == ("active", "sms", False, False)
        amy.full_clean()
        assert (summary.rows, summary.created, summary.reported) == (1, 1, 0)
        assert importing.report == []

    def test_columns_have_the_defaults_of_the_model(self, importing: Importer) -> None:
        """O1."""
        importing("number,name\n100001,Amy Chan\n")
        (imported,) = everything()
        made = Customer(login="100001", name="Amy Chan", must_change_password=True)
        varying = {"id", "password", "created_at", "password_changed_at"}
        for field in Customer._meta.concrete_fields:
            if field.attname not in varying:
                assert imported[field.attname] == getattr(made, field.attname), field.attname
        assert abs((timezone.now() - imported["created_at"]).total_seconds()) < 60

    def test_no_two_unusable_passwords_are_alike(self, importing: Importer) -> None:
        """O1."""
        importing("number,name\n100001,Amy\n100002,Ben\n")
        assert Customer.objects.values("password").distinct().count() == 2

    @pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
    def test_a_byte_order_mark_makes_no_difference(self, importing: Importer, start: bytes) -> None:
        """O1."""
        importing(start + "number,name\r\n100001,陳大文\r\n".encode())
        assert Customer.objects.get().name == "陳大文"

    def test_columns_may_stand_in_any_order(self, importing: Importer) -> None:
        """O1."""
        importing("mobile,name,number\n+853 6612 3456,Amy,100001\n")
        assert Customer.objects.get().mobile == "+85366123456"

    @pytest.mark.parametrize(
        ("mobile", "why"),
        [
            ("2123 4567", "a landline"),
            ("12", "not a phone number"),
            ("+44 7911 123456", "a country that gets no text messages"),
            ("9123 4567 / 9876 5432", "more than one number"),
            ("9123 4567 ext 1", "a number with an extension"),
            ("7112 3456", "not a mobile number"),
        ],
    )
    def test_a_number_that_gets_no_texts_is_imported_as_none(self, importing: Importer, mobile: str, why: str) -> None:
        """O1, K1, S8."""
        importing(f"number,name,mobile\n100001,Amy,{mobile}\n")
        assert Customer.objects.get().mobile == ""
        assert importing.reasons == [("2", "mobile", f"imported as none: {why}")]

    @pytest.mark.parametrize("email", ["amy", "amy@", "@example.com", "a b@example.com", f"{'a' * 250}@example.com"])
    def test_a_malformed_email_is_imported_as_none(self, importing: Importer, email: str) -> None:
        """O1."""
        importing(f"number,name,email\n100001,Amy,{email}\n")
        assert Customer.objects.get().email == ""
        assert importing.reasons == [("2", "email", "imported as none: not an e-mail address")]

    def test_an_address_keeps_its_lines_and_lines_are_counted_as_in_the_file(self, importing: Importer) -> None:
        """O1."""
        importing('number,name,postal_address\r\n100001,Amy,"1/F\r\n1 Road\r\nCentral"\r\n\r\n100002,Ben,"2/F\0"\r\n')
        assert Customer.objects.get(login="100001").postal_address == "1/F\n1 Road\nCentral"
        assert importing.reasons == [("6", "postal_address", "imported as none: not up to 500 printable characters")]

    def test_a_closed_account_that_is_unknown_here_is_not_created(self, importing: Importer) -> None:
        """O1."""
        summary = importing("number,name,state\n100001,Amy,closed\n")
        assert not Customer.objects.exists()
        assert (summary.refused, summary.created) == (1, 0)
        assert importing.reasons == [("2", "state", "row refused: closed, and not an account here")]


class TestExistingAccounts:
    def test_a_name_is_updated_and_nothing_else(self, importing: Importer) -> None:
        """O1."""
        client(name="Amy Chan", mobile="+85291234567", language="en", wrong_codes=3)
        before = everything()[0]
        summary = importing("number,name,language\n100001,Amy Chan Tai Man,zh-hans\n")
        assert everything() == [before | {"name": "Amy Chan Tai Man"}]
        assert summary.renamed == 1

    def test_the_same_name_is_no_update(self, importing: Importer) -> None:
        """O1."""
        client(name="Amy Chan")
        assert importing("number,name\n100001, Amy Chan \n").renamed == 0

    def test_a_contact_that_differs_is_reported_masked_and_not_applied(self, importing: Importer) -> None:
        """O1."""
        client(mobile="+85291234567", email="amy@example.com", postal_address="1 Queen's Road")
        before = everything()
        importing(
            "number,name,mobile,email,postal_address\n100001,Amy Chan,98765432,kate@example.net,9 Secret Street\n"
        )
        assert everything() == before
        assert importing.reasons == [
            ("2", "mobile", "not applied: +852 9••• ••32 in the file, +852 9••• ••67 on file"),
            ("2", "email", "not applied: k•••@example.net in the file, a•••@example.com on file"),
            ("2", "postal_address", "not applied: an address in the file, an address on file"),
        ]
        written = importing.report_path.read_text()
        assert "98765432" not in written
        assert "Secret" not in written

    def test_an_empty_contact_differs_and_a_missing_column_does_not(self, importing: Importer) -> None:
        """O1."""
        client(mobile="+85291234567", email="amy@example.com")
        importing("number,name,mobile\n100001,Amy Chan,\n")
        assert importing.reasons == [("2", "mobile", "not applied: none in the file, +852 9••• ••67 on file")]
        assert Customer.objects.get().mobile == "+85291234567"

    def test_another_spelling_of_the_same_contact_is_no_difference(self, importing: Importer) -> None:
        """O1."""
        client(mobile="+85291234567", email="amy@example.com", postal_address="1 Queen's Road\nCentral")
        importing(
            "number,name,mobile,email,postal_address\n"
            '100001,Amy Chan,9123-4567,Amy@EXAMPLE.com,"1 Queen\'s Road\r\nCentral"\n'
        )
        assert importing.report == []

    def test_a_malformed_contact_of_an_existing_account_is_reported(self, importing: Importer) -> None:
        """O1."""
        client(mobile="+85291234567")
        importing("number,name,mobile\n100001,Amy Chan,2123 4567\n")
        assert importing.reasons == [("2", "mobile", "not applied: a landline")]
        assert Customer.objects.get().mobile == "+85291234567"

    def test_a_password_hash_is_reported_and_not_applied(self, importing: Importer) -> None:
        """O1."""
        amy = client(password="Orchid-7781")
        encoded = make_password("Attack-1234")
        importing(f'number,name,password_hash\n100001,Amy Chan,"{encoded}"\n')
        assert Customer.objects.get().password == amy.password
        assert importing.reasons == [("2", "password_hash", "not applied: the account exists")]

    def test_staff_cannot_be_reached(self, importing: Importer) -> None:
        """O1."""
        Customer.objects.create_staff("mak", name="Mak")
        before = everything()
        importing("number,name,state\nmak,Hacked,closed\n")
        assert everything() == before


class TestClosing:
    def test_closing_ends_sessions_and_is_recorded(self, importing: Importer) -> None:
        """O1, L9."""
        amy = client(security_epoch=4)
        summary = importing("number,name,state\n100001,Amy Chan,closed\n")
        amy.refresh_from_db()
        assert (amy.state, amy.security_epoch) == (AccountState.CLOSED, 5)
        assert summary.closed == 1
        closed = AuditRecord.objects.get(event=Event.ACCOUNT_CLOSED)
        assert closed.subject_id == amy.pk
        assert closed.facts == {"by": "import", "was": "active"}
        assert events() == [Event.ACCOUNT_CLOSED, Event.ACCOUNTS_IMPORTED]

    def test_a_frozen_account_can_be_closed(self, importing: Importer) -> None:
        """O1."""
        client(state=AccountState.FROZEN, frozen_at=timezone.now(), freeze_cause=FreezeCause.FRAUD)
        importing("number,name,state\n100001,Amy Chan,closed\n")
        amy = Customer.objects.get()
        assert (amy.state, amy.frozen_at, amy.freeze_cause) == (AccountState.CLOSED, None, "")
        assert AuditRecord.objects.get(event=Event.ACCOUNT_CLOSED).facts["was"] == "frozen"

    def test_closing_twice_is_closing_once(self, importing: Importer) -> None:
        """O1."""
        client()
        importing("number,name,state\n100001,Amy Chan,closed\n")
        assert importing("number,name,state\n100001,Amy Chan,closed\n").closed == 0
        assert Customer.objects.get().security_epoch == 1
        assert events().count(Event.ACCOUNT_CLOSED) == 1

    def test_a_closed_account_is_never_opened_again(self, importing: Importer) -> None:
        """O1."""
        client(state=AccountState.CLOSED)
        importing("number,name,state\n100001,Amy Chan,active\n")
        assert Customer.objects.get().state == AccountState.CLOSED
        assert importing.reasons == [("2", "state", "not applied: a closed account is never opened again")]

    def test_a_frozen_account_stays_frozen(self, importing: Importer) -> None:
        """O1."""
        client(state=AccountState.FROZEN, frozen_at=timezone.now(), freeze_cause=FreezeCause.CLIENT)
        before = everything()
        importing("number,name,state\n100001,Amy Chan,active\n")
        assert everything() == before


class Cheap(PBKDF2PasswordHasher):
    iterations = 1000


class CheapScrypt(ScryptPasswordHasher):
    work_factor = 16


HASHERS: list[BasePasswordHasher] = [Argon2PasswordHasher(), Cheap(), CheapScrypt()]
B64 = base64.b64encode(b"x" * 32).decode()
B64_LONG = base64.b64encode(b"x" * 64).decode()
ARGON2 = make_password("Orchid-7781", "saltsaltsaltsalt", Argon2PasswordHasher())  # the same in every process


class TestPasswordHashes:
    @pytest.mark.parametrize("hasher", HASHERS, ids=lambda hasher: hasher.algorithm)
    def test_a_hash_of_a_listed_algorithm_logs_in_and_is_made_again(
        self, importing: Importer, hasher: BasePasswordHasher
    ) -> None:
        """O1."""
        encoded = make_password("Orchid-7781", hasher=hasher)
        importing(f'number,name,password_hash\n100001,Amy,"{encoded}"\n')
        amy = Customer.objects.get()
        assert importing.report == []
        assert amy.password == encoded
        assert amy.must_change_password
        assert not amy.check_password("wrong")
        assert amy.check_password("Orchid-7781")
        amy.refresh_from_db()
        assert amy.password != encoded
        assert check_password("Orchid-7781", amy.password)

    def test_bcrypt_is_listed_too(self, importing: Importer) -> None:
        """O1."""
        encoded = make_password("Orchid-7781", hasher=BCryptSHA256PasswordHasher())
        importing(f'number,name,password_hash\n100001,Amy,"{encoded}"\n')
        assert Customer.objects.get().check_password("Orchid-7781")

    @pytest.mark.parametrize(
        "encoded",
        [
            "Orchid-7781",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
            "!unusable",
            f"pbkdf2_sha1$1000$saltsalt${B64}",
            "pbkdf2_sha256$1000$saltsalt$short",
            f"pbkdf2_sha256$0$saltsalt${B64}",
            f"pbkdf2_sha256$9000000$saltsalt${B64}",
            f"pbkdf2_sha256$-1$saltsalt${B64}",
            f"pbkdf2_sha256$1000${'s' * 100}${B64}",
            f"pbkdf2_sha256$1000$saltsalt${B64[:-2]}B=",
            "bcrypt_sha256$$2b$31$" + "a" * 21 + "." + "a" * 31,
            "bcrypt_sha256$$2b$12$" + "a" * 53,
            f"scrypt$1048576$saltsalt$8$1${B64_LONG}",
            f"scrypt$131072$saltsalt$32$1${B64_LONG}",
            f"scrypt$1000$saltsalt$8$1${B64_LONG}",
            ARGON2.replace("m=102400", "m=4194304"),
            ARGON2.replace("p=8", "p=99"),
            ARGON2.replace("m=102400", "m=8"),
            ARGON2.replace("argon2id", "argon2d"),
            ARGON2[:-2],  # no length that base64 can have
        ],
    )
    def test_any_other_hash_is_imported_as_none_and_never_repeated(self, importing: Importer, encoded: str) -> None:
        """O1."""
        importing(f'number,name,password_hash\n100001,Amy,"{encoded}"\n')
        assert not Customer.objects.get().has_usable_password()
        assert [line["field"] for line in importing.report] == ["password_hash"]
        assert encoded not in importing.report_path.read_text()

    def test_an_algorithm_that_cannot_be_checked_here_refuses_the_file(
        self, importing: Importer, settings: Any
    ) -> None:
        """O1."""
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
        with pytest.raises(FileRefused, match="Hashes of argon2 cannot be checked"):
            importing(f'number,name,password_hash\n100001,Amy,"{ARGON2}"\n')
        assert not Customer.objects.exists()


class TestRefusedRows:
    @pytest.mark.parametrize(
        ("row", "field"),
        [
            (",Amy,en,active", "number"),
            ("12345,Amy,en,active", "number"),
            ("1234567,Amy,en,active", "number"),
            ("１２３４５６,Amy,en,active", "number"),
            ("12 456,Amy,en,active", "number"),
            ("12345\0,Amy,en,active", "number"),
            ("100009,,en,active", "name"),
            ("100009,  ,en,active", "name"),
            (f"100009,{'a' * 151},en,active", "name"),
            ("100009,A\0my,en,active", "name"),
            ('100009,"A\nmy",en,active', "name"),
            ("100009,A\u202emy,en,active", "name"),
            ("100009,Amy,fr,active", "language"),
            ("100009,Amy,en,frozen", "state"),
            ("100009,Amy,en,Closed!", "state"),
            ("100009,Amy,en", ""),
            ("100009,Amy,en,active,more", ""),
        ],
    )
    def test_a_malformed_row_is_refused_whole_and_the_others_are_taken(
        self, importing: Importer, row: str, field: str
    ) -> None:
        """O1."""
        summary = importing(f"number,name,language,state\n{row}\n100002,Ben,en,active\n")
        assert list(Customer.objects.values_list("login", flat=True)) == ["100002"]
        assert (summary.created, summary.refused) == (1, 1)
        (line,) = importing.report
        assert (line["line"], line["field"]) == ("2", field)
        assert line["reason"].startswith("row refused: ")

    def test_the_second_row_of_a_number_is_refused(self, importing: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
        """O1."""
        monkeypatch.setattr(run, "BATCH", 2)
        importing("number,name,state\n000000,Amy,\n999999,Ben,\n000000,Cleo,closed\n999999,Dora,\n")
        assert [(row["login"], row["name"], row["state"]) for row in everything()] == [
            ("000000", "Amy", "active"),
            ("999999", "Ben", "active"),
        ]
        reason = "row refused: the number was in an earlier row"
        assert importing.reasons == [("4", "number", reason), ("5", "number", reason)]

    def test_a_row_after_a_refused_one_of_the_same_number_is_refused_too(self, importing: Importer) -> None:
        """O1."""
        importing("number,name,state\n100001,Amy,gone\n100001,Amy,active\n")
        assert not Customer.objects.exists()
        assert [line["field"] for line in importing.report] == ["state", "number"]

    def test_what_opens_in_a_spreadsheet_runs_nothing(self, importing: Importer, tmp_path: Path) -> None:
        """O1."""
        client(email="=cmd@example.com")
        importing("number,name,email\n100001,Amy Chan,@SUM(1)\n=1+1,Amy,-\n")
        for line in importing.report:
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in line.values())

    def test_the_report_is_for_its_owner_alone(self, importing: Importer) -> None:
        """O1."""
        importing(HEADER + AMY)
        assert stat.S_IMODE(importing.report_path.stat().st_mode) == 0o600


GOOD = "number,name\n100001,Amy\n"


class TestRefusedFiles:
    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "empty"),
            (b"\n\n", "empty"),
            (b"number\n100001\n", "name is missing"),
            (b"name\nAmy\n", "number is missing"),
            (b"number,name,vip\n100001,Amy,1\n", "Column 3"),
            (b"number;name\n100001;Amy\n", "Column 1"),
            (b"number,name,name\n100001,Amy,Amy\n", "twice"),
            (GOOD.encode() + b"100002,\xff\n", "not UTF-8"),
            (GOOD.encode("utf-16"), "not UTF-8"),
            (GOOD.encode() + b'100002,"Ben\n', "not valid CSV"),
            (GOOD.encode() + b'100002,"Ben"x\n', "not valid CSV"),
            (GOOD.encode() + b'100002,"' + b"\n" * 60, "more than 50 lines"),
            (GOOD.encode() + b"100002," + b"a" * 10_000, "more than 8192 characters"),
        ],
    )
    def test_nothing_of_a_file_that_cannot_be_read_is_imported(
        self, importing: Importer, content: bytes, why: str
    ) -> None:
        """O1."""
        with pytest.raises(FileRefused, match=why):
            importing(content)
        assert not Customer.objects.exists()
        assert events() == []
        assert [path.name for path in importing.file.parent.iterdir()] == ["accounts.csv"]

    def test_a_file_without_header_does_not_show_its_data(self, importing: Importer) -> None:
        """O1."""
        with pytest.raises(FileRefused) as refused:
            importing(f"100001,Amy,{ARGON2}\n")
        assert "100001" not in str(refused.value)

    def test_a_file_that_is_not_there(self, importing: Importer) -> None:
        """O1."""
        with pytest.raises(FileRefused, match="No such file"):
            import_accounts(importing.file, report_path=importing.report_path)

    def test_a_report_that_cannot_be_written_stops_the_run_before_it_starts(self, importing: Importer) -> None:
        """O1."""
        importing.report_path = importing.file.parent / "missing" / "refused.csv"
        with pytest.raises(FileRefused, match="report cannot be written"):
            importing(GOOD)
        assert not Customer.objects.exists()


class TestAllOrNothing:
    def test_a_crash_leaves_no_account_and_no_report(
        self, importing: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """O1."""
        client("100002", name="Ben")
        before = everything()

        def crash(*_args: object, **_kwargs: object) -> None:
            raise RuntimeError("the power failed")

        monkeypatch.setattr(run, "record", crash)
        with pytest.raises(RuntimeError):
            importing("number,name,state\n100001,Amy,active\n100002,Benny,closed\n")
        assert everything() == before
        assert [path.name for path in importing.file.parent.iterdir()] == ["accounts.csv"]

    def test_an_old_report_stays_until_the_new_one_is_whole(self, importing: Importer) -> None:
        """O1."""
        importing.report_path.write_text("the last run")
        with pytest.raises(FileRefused):
            importing(b"")
        assert importing.report_path.read_text() == "the last run"
        importing(GOOD)
        assert importing.report == []

    def test_an_account_created_meanwhile_undoes_the_run(
        self, importing: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """O1."""
        insert = writing.insert

        def late(accounts: Any) -> None:
            insert(accounts)
            insert(accounts)

        monkeypatch.setattr(run, "insert", late)
        with pytest.raises(FileRefused, match="run the import again"):
            importing(GOOD)
        assert not Customer.objects.exists()

    def test_a_dry_run_reports_everything_and_changes_nothing(self, importing: Importer) -> None:
        """O1."""
        client("100002", name="Ben")
        client("100003", name="Cleo", mobile="+85291234567")
        before = everything()
        text = "number,name,mobile,state\n100001,Amy,21234567,\n100002,Benny,,closed\n100003,Cleo,98765432,\n"
        dry = importing(text, dry_run=True)
        reported = importing.report
        assert everything() == before
        assert events() == []
        assert importing(text) == dry
        assert importing.report == reported
        assert (dry.created, dry.renamed, dry.closed, dry.reported) == (1, 1, 1, 2)

    def test_importing_a_file_twice_changes_nothing_more(self, importing: Importer) -> None:
        """O1."""
        client("100002", name="Ben")
        text = HEADER + AMY + "100002,Benny,en,,,,closed,\n100003,Cleo,en,,,,,\n"
        importing(text)
        once = everything()
        again = importing(text)
        assert everything() == once
        assert (again.created, again.renamed, again.closed, again.reported) == (0, 0, 0, 0)

    def test_the_run_is_recorded_with_the_file_and_its_figures(self, importing: Importer) -> None:
        """O1, A6."""
        importing(HEADER + AMY)
        facts = AuditRecord.objects.get(event=Event.ACCOUNTS_IMPORTED).facts
        assert facts["file"] == "accounts.csv"
        assert len(facts["sha256"]) == 64
        assert (facts["rows"], facts["created"], facts["closed"]) == (1, 1, 0)

    def test_each_batch_asks_the_database_once(
        self, importing: Importer, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
    ) -> None:
        """O1."""
        monkeypatch.setattr(run, "BATCH", 100)
        rows = "".join(f"{number:06},Amy {number}\n" for number in range(1000))
        importing("number,name\n" + rows)
        with django_assert_max_num_queries(15):  # ten batches, the audit row, the savepoints
            importing("number,name\n" + rows)
        assert Customer.objects.count() == 1000


class TestCommand:
    def test_it_says_what_it_did(self, importing: Importer, capsys: pytest.CaptureFixture[str]) -> None:
        """O1."""
        importing.file.write_text(HEADER + AMY + "1,Ben,en,,,,,\n")
        call_command("import_accounts", str(importing.file))
        said = capsys.readouterr().out
        assert "2 rows: 1 accounts created, 0 renamed, 0 closed, 1 rows refused." in said
        assert "Dry run" not in said
        assert importing.file.with_suffix(".refused.csv").exists()

    def test_the_report_goes_where_it_is_told(self, importing: Importer, capsys: pytest.CaptureFixture[str]) -> None:
        """O1."""
        importing.file.write_text(HEADER + AMY)
        call_command("import_accounts", str(importing.file), "--dry-run", "--refused", str(importing.report_path))
        assert "Dry run: nothing was changed." in capsys.readouterr().out
        assert importing.report == []
        assert not Customer.objects.exists()

    def test_a_refused_file_is_an_error(self, importing: Importer) -> None:
        """O1."""
        importing.file.write_text("nonsense\n")
        with pytest.raises(CommandError, match=r"Nothing was imported\."):
            call_command("import_accounts", str(importing.file))

    def test_the_report_cannot_overwrite_the_file(self, importing: Importer) -> None:
        """O1."""
        importing.file.write_text(HEADER + AMY)
        with pytest.raises(CommandError, match="would overwrite"):
            call_command("import_accounts", str(importing.file), "--refused", str(importing.file))
        assert importing.file.read_text() == HEADER + AMY

    def test_the_help_names_every_column(self, capsys: pytest.CaptureFixture[str]) -> None:
        """O1."""
        with pytest.raises(SystemExit):
            call_command("import_accounts", "--help")
        shown = capsys.readouterr().out
        for column in HEADER.strip().split(","):
            assert f"  {column}" in shown
