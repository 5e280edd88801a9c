"""The WSGI application that gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.template.loader import get_template

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

# Every page is compiled now, and not while its first client waits.
for page in sorted((settings.BASE_DIR / "templates").rglob("*.html")):
    get_template(str(page.relative_to(settings.BASE_DIR / "templates")))
