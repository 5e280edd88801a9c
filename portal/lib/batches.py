"""Deleting many rows without holding a lock on all of them."""

from typing import Any

from django.db.models import QuerySet


def delete_in_batches(rows: "QuerySet[Any]", *, size: int) -> int:
    """Delete these rows and what hangs on them, at most `size` of them a statement; how many of them."""
    deleted = 0
    while batch := list(rows.values_list("pk", flat=True)[:size]):
        rows.model._default_manager.filter(pk__in=batch).delete()
        deleted += len(batch)
    return deleted
