"""The whole site map."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from portal import views

urlpatterns = [
    # What clients open most stands first: every pattern before the right one is tried in vain.
    *i18n_patterns(
        path("home/", views.home, name="home"),
        path("", include("twofactor.urls")),
        path("", include("accounts.urls")),
        path("help/client-information-update-form.pdf", views.blank_form, name="blank_form"),
        path("help/<slug:slug>/", views.help_page, name="help"),
        path("privacy/", views.privacy, name="privacy"),
        path("accessibility/", views.accessibility, name="accessibility"),
    ),
    path("", views.root, name="root"),
    path("favicon.ico", views.favicon),
    path("health/live", views.live, name="live"),
    path("health/ready", views.ready, name="ready"),
    path("", include("portal.messaging.urls")),
    path("", include("portal.desk.urls")),
    path("staff/", admin.site.urls),
    *([path("demo/", include("portal.demo.urls"))] if settings.DEMO else []),
    *([path("token/", include("twofactor.token_urls"))] if settings.DEMO else []),
]
