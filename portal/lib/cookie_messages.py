"""Django's messages in a cookie, for pages that mostly have none: their signer is made when there is one."""

from functools import cached_property
from typing import Any

from django.contrib.messages.storage.base import BaseStorage
from django.contrib.messages.storage.cookie import CookieStorage
from django.core import signing


class LazyCookieStorage(CookieStorage):
    """The storage of MESSAGE_STORAGE."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        BaseStorage.__init__(self, *args, **kwargs)

    @cached_property
    def signer(self) -> Any:
        """What signs the cookie, and believes none that another wrote."""
        return signing.get_cookie_signer(salt=self.key_salt)
