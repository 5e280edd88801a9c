"""The staff door. Of django-two-factor-auth nothing else is routed: no disabling, no backup codes, no phones."""

from django.urls import include, path

from twofactor.views.staff import StaffLoginView, StaffSeedPictureView, StaffSetupCompleteView, StaffSetupView

door = [
    path("login/", StaffLoginView.as_view(), name="login"),
    path("authenticator/", StaffSetupView.as_view(), name="setup"),
    path("authenticator/picture.svg", StaffSeedPictureView.as_view(), name="qr"),
    path("authenticator/ready/", StaffSetupCompleteView.as_view(), name="setup_complete"),
]
urlpatterns = [path("staff/", include((door, "two_factor")))]
