"""The states a browser can be in, none of which but one is inside."""

from collections.abc import Callable
from http.cookies import SimpleCookie

from django.conf import settings

from accounts.models import Customer, PasswordReset, SignIn
from tests.accounts.steps import key_of, with_cookie
from tests.actors import Handset, Visitor
from tests.rebinding.steps import posted, to_key
from tests.reset.steps import to_code


def nobody(customer: Customer, handset: Handset) -> Visitor:
    """A browser without a cookie."""
    return Visitor("en")


def pending(customer: Customer, handset: Handset) -> Visitor:
    """The password was right, the code is still to come."""
    visitor = Visitor("en")
    visitor.password_step(customer.login)
    return visitor


def garbage(customer: Customer, handset: Handset) -> Visitor:
    """Cookies of every name with nonsense in them."""
    visitor = Visitor("en")
    for name in (
        settings.CLIENT_COOKIE_NAME, settings.BROWSER_COOKIE_NAME, settings.SESSION_COOKIE_NAME, "messages",
        settings.RESET_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "sessionid",
    ):  # fmt: skip
        visitor.client.cookies[name] = "x' OR 1=1;--\x7f\u00e9" + "A" * 200
    return visitor


def tampered(customer: Customer, handset: Handset) -> Visitor:
    """The key of a live session with its last letter changed."""
    key = key_of(inside(customer, handset))
    return with_cookie(settings.CLIENT_COOKIE_NAME, key[:-1] + ("A" if key[-1] != "A" else "B"))


def ended(customer: Customer, handset: Handset) -> Visitor:
    """The key of a session that was logged out."""
    visitor = inside(customer, handset)
    key = key_of(visitor)
    visitor.post("logout/")
    return with_cookie(settings.CLIENT_COOKIE_NAME, key)


def resetting(customer: Customer, handset: Handset) -> Visitor:
    """The password is forgotten; the code by e-mail was right, that of the method in use is still to come."""
    visitor = Visitor("en")
    to_code(visitor, customer)
    return visitor


def inside(customer: Customer, handset: Handset) -> Visitor:
    """Both factors proven."""
    visitor = Visitor("en")
    assert visitor.log_in(handset, customer).headers["Location"] == "/en/home/"
    return visitor


class Mended:
    """A browser, its account and its sign-ins as they are now, to be put back after whatever a request does."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.cookies = {name: morsel.value for name, morsel in visitor.client.cookies.items()}
        self.rows = [(model, list(model.objects.values())) for model in (Customer, SignIn, PasswordReset)]

    def restore(self) -> None:
        """As it was; new rows stay."""
        self.visitor.client.cookies = SimpleCookie(self.cookies)
        for model, rows in self.rows:
            for row in rows:
                model.objects.filter(pk=row["id"]).update(**row)


def stranded(customer: Customer, handset: Handset) -> Visitor:
    """The password was right, and no code can be asked for."""
    Customer.objects.filter(pk=customer.pk).update(mobile="")
    return pending(customer, handset)


def with_a_letter(customer: Customer, handset: Handset) -> Visitor:
    """The code of a letter was right too, and a key was shown; its first code is still to come."""
    posted(customer)
    visitor = pending(customer, handset)
    to_key(visitor)
    return visitor


OUTSIDE: list[Callable[[Customer, Handset], Visitor]] = [
    nobody, pending, stranded, with_a_letter, garbage, tampered, ended, resetting,
]  # fmt: skip
