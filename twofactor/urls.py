from django.urls import path

from twofactor.views import bind, challenge, confirm, login, lost, method, new_contact, prove, rebind, resync

app_name = "twofactor"
urlpatterns = [
    path("login/", login.login, name="login"),
    path("login/picture/<str:token>.png", login.picture, name="picture"),
    path("login/sound/<str:token>.wav", login.sound, name="sound"),
    path("login/verify/", challenge.challenge, name="challenge"),
    path("login/resend/", challenge.resend, name="resend"),
    path("login/delivery/", challenge.delivery, name="delivery"),
    path("login/clock/", resync.login, name="resync"),
    path("login/lost/", lost.lost, name="lost"),
    path("login/rebind/", rebind.letter, name="rebind"),
    path("login/rebind/phone/", rebind.phone, name="rebind_phone"),
    path("login/rebind/code/", rebind.code, name="rebind_code"),
    path("service/2fa/", method.method, name="method"),
    path("service/2fa/stop/", method.stop, name="method_stop"),
    path("service/2fa/done/", method.done, name="method_done"),
    path("service/2fa/bind/", bind.bind, name="bind"),
    path("service/2fa/bind/code/", bind.code, name="bind_code"),
    path("service/2fa/confirm/", confirm.confirm, name="confirm"),
    path("service/2fa/confirm/resend/", confirm.resend, name="confirm_resend"),
    path("service/2fa/confirm/delivery/", confirm.delivery, name="confirm_delivery"),
    path("service/contact/confirm/", new_contact.confirm, name="new_contact"),
    path("service/contact/confirm/resend/", new_contact.resend, name="new_contact_resend"),
    path("service/contact/confirm/delivery/", new_contact.delivery, name="new_contact_delivery"),
    path("service/prove/", prove.prove, name="prove"),
    path("service/prove/code/", prove.code, name="prove_code"),
    path("service/prove/resend/", prove.resend, name="prove_resend"),
    path("service/prove/delivery/", prove.delivery, name="prove_delivery"),
    path("service/prove/clock/", resync.prove, name="prove_resync"),
]
