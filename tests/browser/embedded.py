"""Run as `python -m tests.browser.embedded`: the embedded portal with the settings of the browser tests."""

import sys

from portal.demo import embedded
from portal.demo.house import House


def environment(house: House, port: int) -> dict[str, str]:
    """What the children find in their environment."""
    return {**_environment(house, port), "DJANGO_SETTINGS_MODULE": "tests.browser.settings"}


_environment = embedded.environment

if __name__ == "__main__":
    embedded.environment = environment
    sys.exit(embedded.main())
