"""Forms that every login needs."""

from typing import Any, TypeVar

from django.forms import Form

F = TypeVar("F", bound=type[Form])


class _Shared(dict[str, Any]):
    """Fields that a form takes as they are."""

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return dict(self)


def shares_fields(form: F) -> F:
    """For a form that never changes its fields: Django copies each of them for each request, in case that one does."""
    form.base_fields = _Shared(form.base_fields)
    return form
