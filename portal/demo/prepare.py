"""What the embedded portal needs before it can serve: tables, static files, demo data, in one process."""

import os
from concurrent.futures import ThreadPoolExecutor

import django
from django.core.management import call_command


def main() -> None:
    """Bring everything up to date; safe to run at every start."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    with ThreadPoolExecutor(1) as beside:  # compressing files and waiting for the disk go well together
        static = beside.submit(call_command, "collectstatic", interactive=False, verbosity=0)
        call_command("migrate", interactive=False)
        call_command("load_demo")
    static.result()


if __name__ == "__main__":
    main()
