from django.urls import path

from accounts.views import activity, password, session

app_name = "accounts"
urlpatterns = [
    path("logout/", session.logout, name="logout"),
    path("login/session-ended/", session.ended, name="ended"),
    path("session/extend/", session.extend, name="extend"),
    path("service/activity/", activity.activity, name="activity"),
    path("service/activity/not-me/", activity.not_me, name="not_me"),
    path("service/sessions/<int:pk>/end/", activity.end_session, name="end_session"),
    path("service/sessions/end-others/", activity.end_other_sessions, name="end_other_sessions"),
    path("service/password/", password.password, name="password"),
]
