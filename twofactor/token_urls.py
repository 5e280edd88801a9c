from django.urls import path

from twofactor.views import token_app

app_name = "token_app"
urlpatterns = [
    path("", token_app.page, name="page"),
    path("sw.js", token_app.worker, name="worker"),
    path("manifest.webmanifest", token_app.manifest, name="manifest"),
]
