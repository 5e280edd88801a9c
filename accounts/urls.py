from django.urls import path

from accounts.views import activity, contact, forms, password, session

app_name = "accounts"
urlpatterns = [
    path("logout/", session.logout, name="logout"),
    path("login/session-ended/", session.ended, name="ended"),
    path("session/extend/", session.extend, name="extend"),
    path("service/activity/", activity.activity, name="activity"),
    path("service/activity/not-me/", activity.not_me, name="not_me"),
    path("service/sessions/<int:pk>/end/", activity.end_session, name="end_session"),
    path("service/sessions/end-others/", activity.end_other_sessions, name="end_other_sessions"),
    path("service/contact/", contact.contact, name="contact"),
    path("service/contact/review/", contact.review, name="contact_review"),
    path("service/contact/stop/", contact.stop, name="contact_stop"),
    path("service/contact/done/", contact.done, name="contact_done"),
    path("service/contact/edit/<str:kind>/", contact.edit, name="contact_edit"),
    path("service/forms/", forms.forms, name="forms"),
    path("service/forms/client-information-update.pdf", forms.prefilled, name="prefilled_form"),
    path("service/password/", password.password, name="password"),
]
