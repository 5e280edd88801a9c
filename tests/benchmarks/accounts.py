"""Prepares one database for the bench: tables, static files, and so many accounts with the same password.

Run as a process of its own, with the environment of the portal: `python -m tests.benchmarks.accounts 1000`.
"""

import sys

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from tests.benchmarks.clients import PASSWORD, email, mobile, number


def main() -> None:
    """Make everything; the accounts have the numbers from 0 on."""
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    _fill(int(sys.argv[1]))


def _fill(count: int) -> None:
    """One account is made by the portal's own code, the others are its copies: one hash for all of them."""
    customers = apps.get_model("accounts", "Customer")
    first = customers.objects.create_client(
        number(0), password=PASSWORD, name="Chan Tai Man", mobile=mobile(number(0)), email=email(number(0))
    )
    login = "lpad(n::text, 6, '0')"
    own = {
        "login": login,
        "mobile": f"'{mobile('')}' || {login}",
        "email": f"replace('{email('#')}', '#', {login})",
    }
    columns = [str(field.column) for field in customers._meta.concrete_fields if not field.primary_key]
    values = ", ".join(own.get(column, column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {customers._meta.db_table} ({', '.join(columns)}) "
            f"SELECT {values} FROM {customers._meta.db_table}, generate_series(1, %s) n WHERE id = %s",
            [count - 1, first.pk],
        )
        cursor.execute("VACUUM (ANALYZE)")


if __name__ == "__main__":
    main()
