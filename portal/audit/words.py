"""What a verification can say: stored as a code with values, read as a sentence in the reader's language."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

Value = str | int

_SENTENCES: dict[str, str | Promise] = {
    # Faults
    "edited": gettext_lazy("Row %(row)s: edited. It does not say what was signed."),
    "deleted": gettext_lazy("Row %(row)s: deleted. Its place in the chain is left."),
    "gap": gettext_lazy("Rows %(first)s to %(last)s: deleted, together with their places in the chain."),
    "beheaded": gettext_lazy(
        "Rows 1 to %(last)s: deleted from the beginning. No genuine row says that they were retired."
    ),
    "displaced": gettext_lazy(
        "Row %(row)s: it is not the row that was chained here, or does not follow on the row before it: "
        "reordered, inserted or replaced."
    ),
    "unknown_key": gettext_lazy("Row %(row)s: signed with the key “%(key)s”, which AUDIT_KEYS does not hold."),
    "inserted": gettext_lazy("Row %(row)s: inserted by somebody without the key, or edited before it was chained."),
    "copied": gettext_lazy("Row %(row)s: a copy of another row."),
    "rewritten": gettext_lazy(
        "Row %(position)s: %(head)s says otherwise. The trail up to here was rewritten by somebody with the key."
    ),
    "truncated": gettext_lazy(
        "The trail ends at row %(last)s, but %(head)s had reached row %(position)s: the last rows were deleted."
    ),
    "forged_head": gettext_lazy("%(head)s: our key has not signed it as it stands."),
    "unguarded": gettext_lazy("The database no longer refuses changes of %(table)s: its triggers are gone."),
    # What could not be checked
    "no_head": gettext_lazy(
        "No head that was kept elsewhere was given: whether all was rewritten by somebody with the key cannot be seen."
    ),
    "after_heads": gettext_lazy(
        "Rows %(first)s to %(last)s came after the newest head: whether rows were deleted from the end cannot be seen."
    ),
    "not_chained": gettext_lazy("Rows that are signed but not chained yet: %(number)s, the oldest of %(at)s."),
    "id_gap": gettext_lazy(
        "No row has the ids %(first)s to %(last)s: rolled back, or taken away within seconds, before they were chained."
    ),
    "id_gaps": gettext_lazy("%(number)s such gaps between ids in all."),
    "retired": gettext_lazy("Rows 1 to %(last)s were retired on %(at)s and are not here."),
    "head_before": gettext_lazy("%(head)s speaks of row %(position)s, which was retired."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a verification says."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(_SENTENCES[self.code]) % self.values

    def stored(self) -> dict[str, object]:
        """As it is kept."""
        return asdict(self)
