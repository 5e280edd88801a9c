from django.urls import path

from twofactor.views import challenge, login, prove

app_name = "twofactor"
urlpatterns = [
    path("login/", login.login, name="login"),
    path("login/picture/<str:token>.png", login.picture, name="picture"),
    path("login/sound/<str:token>.wav", login.sound, name="sound"),
    path("login/verify/", challenge.challenge, name="challenge"),
    path("login/resend/", challenge.resend, name="resend"),
    path("login/delivery/", challenge.delivery, name="delivery"),
    path("service/prove/", prove.prove, name="prove"),
    path("service/prove/code/", prove.code, name="prove_code"),
    path("service/prove/resend/", prove.resend, name="prove_resend"),
    path("service/prove/delivery/", prove.delivery, name="prove_delivery"),
]
