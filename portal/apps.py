from django.apps import AppConfig

from portal import checks  # noqa: F401 - importing them registers them


class PortalConfig(AppConfig):
    name = "portal"
