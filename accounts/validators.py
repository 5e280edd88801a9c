"""What a new password must be. Each validator is one rule and has one sentence for the client."""

import re
import unicodedata

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import policy
from accounts.models import Customer
from portal import brand


class LengthValidator:
    """8 to 128 characters."""

    def validate(self, password: str, user: Customer | None = None) -> None:
        if not policy.PASSWORD_MIN <= len(password) <= policy.PASSWORD_MAX:
            raise ValidationError(self.get_help_text(), code="length")

    def get_help_text(self) -> str:
        return _("The password must have %(low)d to %(high)d characters.") % {
            "low": policy.PASSWORD_MIN,
            "high": policy.PASSWORD_MAX,
        }


class LettersAndDigitsValidator:
    """At least one letter and one digit: the regulator's rule."""

    def validate(self, password: str, user: Customer | None = None) -> None:
        if not (any(map(str.isalpha, password)) and any(map(str.isdigit, password))):
            raise ValidationError(self.get_help_text(), code="letters_and_digits")

    def get_help_text(self) -> str:
        return _("The password must have letters and digits.")


class ContextWordsValidator:
    """Nothing that a stranger would try first: the firm's name, the account number, the client's own data."""

    _MIN_WORD = 4  # shorter pieces of a name stand in too many good passwords

    def validate(self, password: str, user: Customer | None = None) -> None:
        plain = _fold(password)
        words = {_fold(word) for word in brand.current().context_words}
        if user is not None:
            pieces = [user.login, user.email.partition("@")[0], user.mobile[-8:], *user.name.split()]
            words |= {_fold(piece) for piece in pieces}
        if any(len(word) >= self._MIN_WORD and word in plain for word in words):
            raise ValidationError(self.get_help_text(), code="context_word")

    def get_help_text(self) -> str:
        return _("The password must not contain our name, your name, your account number or your contact details.")


class KnownPasswordValidator(CommonPasswordValidator):
    """Django's offline list of nearly 20,000 common and breached passwords, also with digits or signs at the end."""

    def validate(self, password: str, user: object = None) -> None:
        plain = password.lower().strip()
        if {plain, plain.rstrip("0123456789!@#$%^&*.,?-_")} & self.passwords:
            raise ValidationError(self.get_help_text(), code="known")

    def get_help_text(self) -> str:
        return _("The password must not be a common one, or one that is known from a data breach.")


class HistoryValidator:
    """None of the last eight, the present one included."""

    def validate(self, password: str, user: Customer | None = None) -> None:
        if user is None or user.pk is None:
            return
        earlier = user.password_history.order_by("-at").values_list("password", flat=True)
        hashes = [user.password, *earlier[: policy.PASSWORD_HISTORY - 1]]
        if any(check_password(password, encoded) for encoded in hashes):
            raise ValidationError(self.get_help_text(), code="history")

    def get_help_text(self) -> str:
        return _("The password must not be one of your last %(count)d.") % {"count": policy.PASSWORD_HISTORY}


def _fold(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text).casefold())
