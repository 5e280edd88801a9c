"""Emptying the tables after a test that committed, as the owner of the database can: the portal itself cannot."""

from functools import cache

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from portal.audit import append_only
from tests.audit.owner import rule_off


def clear() -> None:
    """Take away the rows of a test. Only tables that have any are touched, and what an installation puts there
    stays: Django's own flush makes sixty tables anew, and all permissions."""
    with connection.cursor() as cursor:
        cursor.execute(_which_have_rows())
        full = [name for (name,) in cursor.fetchall()]
    if append_only.TABLES.keys() & set(full):
        with rule_off():
            _delete(full)
    else:
        _delete(full)


@cache
def _which_have_rows() -> str:
    kept = {Permission, ContentType, Group, Group.permissions.through}
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model not in kept}
    return " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in sorted(tables))


@transaction.atomic
def _delete(tables: list[str]) -> None:
    """References are checked at the end, so that the order does not matter."""
    with connection.cursor() as cursor:
        for name in tables:
            cursor.execute(f"DELETE FROM {name}")
