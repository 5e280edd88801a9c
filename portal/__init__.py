"""Wiring of the portal: settings, site map, middleware, pages without an app, and the foundation apps."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
