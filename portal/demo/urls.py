from django.urls import path

from portal.demo import views

app_name = "demo"
urlpatterns = [
    path("handset/", views.handset, name="handset"),
    path("handset.json", views.handset_json, name="handset_json"),
]
