from django.urls import path

from portal.messaging import views

app_name = "messaging"
urlpatterns = [path("receipts/sms/<slug:gateway>/", views.receipt, name="receipt")]
