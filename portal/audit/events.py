"""The audit vocabulary: every event that the trail can hold, and nothing else."""

from enum import StrEnum


class Event(StrEnum):
    """What happened; the value is what the row stores, so it never changes once used."""

    ACCOUNTS_IMPORTED = "accounts.imported"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CLOSED = "account.closed"
    ACCOUNT_FROZEN = "account.frozen"
    ACCOUNT_UNFROZEN = "account.unfrozen"
    IDENTITY_CHECK_FAILED = "account.identity_check_failed"
    ALL_FROZEN = "all.frozen"
    ALL_UNFROZEN = "all.unfrozen"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105
    PASSWORD_CHANGE_FORCED = "password.change_forced"  # noqa: S105
    PASSWORD_RESET = "password.reset"  # noqa: S105
    PASSWORD_VOIDED = "password.voided"  # noqa: S105
    SESSIONS_ENDED = "sessions.ended"
    METHOD_CHANGED = "method.changed"
    CONTACT_CHANGED = "contact.changed"
    FORM_ISSUED = "form.issued"
    HOLD_LIFTED = "account.hold_lifted"
    TOKEN_BOUND = "token.bound"  # noqa: S105
    TOKEN_REMOVED = "token.removed"  # noqa: S105
    PHONE_REPORTED_LOST = "phone.reported_lost"
    STAFF_ENROLMENT_ISSUED = "staff.enrolment_issued"
    STAFF_ENROLLED = "staff.enrolled"
    STAFF_LOGGED_IN = "staff.logged_in"
    STAFF_VIEWED_CLIENT = "staff.viewed_client"
    STAFF_SEARCHED = "staff.searched"

    # Reports and freezes by staff
    SURVEILLANCE_READ = "surveillance.read"
    FREEZE_RAISED = "account.freeze_raised"
    FREEZE_RUN_CHECKED = "freeze_run.checked"
    FREEZE_RUN_CONFIRMED = "freeze_run.confirmed"
    FREEZE_RUN_FINISHED = "freeze_run.finished"
    UNFREEZE_RUN_FINISHED = "unfreeze_run.finished"
    TEST_NOTICE_SENT = "notice.test_sent"
    STAFF_REVEALED = "staff.revealed"
    STAFF_ACCOUNTS_SET = "staff.accounts_set"

    # The trail itself
    AUDIT_READ = "audit.read"
    AUDIT_VERIFIED = "audit.verified"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_RETIRED = "audit.retired"

    # The second person
    PROPOSAL_MADE = "proposal.made"
    PROPOSAL_APPROVED = "proposal.approved"
    PROPOSAL_RETURNED = "proposal.returned"
    PROPOSAL_RESUBMITTED = "proposal.resubmitted"
    PROPOSAL_REJECTED = "proposal.rejected"
    PROPOSAL_WITHDRAWN = "proposal.withdrawn"
    PROPOSAL_LAPSED = "proposal.lapsed"
    PROPOSAL_READ = "proposal.read"
    EVIDENCE_ADDED = "evidence.added"
    EVIDENCE_READ = "evidence.read"
    METHOD_WITHDRAWN = "method.withdrawn"

    # Letters
    LETTER_MADE = "letter.made"
    LETTER_PRINTED = "letter.printed"
    LETTER_POSTED = "letter.posted"
    LETTER_USED = "letter.used"
    LETTER_LAPSED = "letter.lapsed"
    LETTER_VOIDED = "letter.voided"
    PRINT_RUN_STARTED = "print_run.started"
    PRINT_RUN_JUDGED = "print_run.judged"

    # Colleagues
    STAFF_PASSWORD_RESET = "staff.password_reset"  # noqa: S105
    STAFF_LEFT = "staff.left"
    RIGHTS_EXPORTED = "rights.exported"
