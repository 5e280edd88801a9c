"""The client information update form on paper: blank for everybody, prefilled under a reference for a client inside."""

from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from barcode.codex import Code128

from portal import brand
from portal.brand import Text
from portal.letters import form_wording as wording
from portal.letters import glyphs, policy
from portal.letters.models import IssuedForm
from portal.letters.typesetting import REGIONS, contacts, typeset
from portal.lib.batches import delete_in_batches
from portal.lib.references import new_reference

_SOURCE = "form.typ"
_FIRST = "U"  # of a reference: an update


def issue(customer: Any, *, now: datetime) -> IssuedForm | None:
    """The form of this account, which is locked, under today's reference; None once it was handed out too often."""
    form = IssuedForm.objects.filter(customer=customer, issued_at__gt=now - policy.FORM_LASTS).first()
    if form is None:
        return IssuedForm.objects.create(reference=new_reference(_FIRST), customer=customer, issued_at=now)
    if form.downloads >= policy.FORM_DOWNLOADS:
        return None
    form.downloads += 1
    form.save(update_fields=["downloads"])
    return form


def purge(now: datetime) -> int:
    """Delete what is known of forms once the retention is over; how many."""
    old = IssuedForm.objects.filter(issued_at__lt=now - policy.FORM_RETENTION)
    return delete_in_batches(old, size=policy.PURGE_BATCH)


def blank(language: str) -> bytes:
    """The form as PDF, to be filled in by hand. Raises `TypesettingFailed`."""
    return _blank(brand.current(), language)


@cache
def _blank(house: brand.Brand, language: str) -> bytes:
    """Strangers ask for it, and typesetting is dear: once for each process, brand and language."""
    return typeset(_SOURCE, _content(house, language))


def prefilled(reference: str, *, name: str, number: str, language: str) -> bytes:
    """The form as PDF with who it is for; a name that the font lacks is left to be written by hand.

    Raises `TypesettingFailed`.
    """
    known = {
        "name": "" if glyphs.missing(name) else name,
        "number": number,
        "reference": reference,
        "bars": [len(list(same)) for _, same in groupby(Code128(reference).build()[0])],
    }
    return typeset(_SOURCE, {**_content(brand.current(), language), **known})


def _content(house: brand.Brand, language: str) -> dict[str, Any]:
    def say(text: Text, **values: str) -> str:
        return text.in_language(language).format(**values)

    channels = (
        (wording.BY_EMAIL, house.email),
        (wording.BY_FAX, house.fax),
        (wording.BY_HAND, house.postal_address and house.postal_address.in_language(language)),
    )
    lang, region = REGIONS[language]
    return {
        "lang": lang,
        "region": region,
        "brand": say(house.name),
        "title": say(wording.TITLE),
        "purpose": say(wording.PURPOSE),
        "reference-label": say(wording.REFERENCE),
        "reference": "",
        "bars": [],
        "client": say(wording.CLIENT),
        "name-label": say(wording.NAME),
        "name": "",
        "number-label": say(wording.NUMBER),
        "number": "",
        "changes": say(wording.CHANGES),
        "fields": [
            {"label": say(wording.MOBILE), "hint": say(wording.MOBILE_HINT), "lines": 1},
            {"label": say(wording.EMAIL), "hint": "", "lines": 1},
            {"label": say(wording.ADDRESS), "hint": "", "lines": 3},
        ],
        "signature": say(wording.SIGNATURE),
        "declaration": say(wording.DECLARATION),
        "sign-here": say(wording.SIGN_HERE),
        "date": say(wording.DATE),
        "checks": say(wording.CHECKS),
        "return": say(wording.RETURN),
        "channels": [say(text, value=value) for text, value in channels if value],
        "contact": contacts(house, language),
        "office": say(wording.OFFICE),
        "office-boxes": [say(text) for text in wording.OFFICE_BOXES],
        "page": say(wording.PAGE),
    }
