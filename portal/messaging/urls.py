from django.urls import path

from portal.messaging import views

app_name = "messaging"
urlpatterns = [
    path("receipts/sms/<slug:gateway>/", views.receipt, name="receipt"),
    path("receipts/sms/<slug:gateway>/<slug:secret>/", views.receipt, name="secret_receipt"),
]
