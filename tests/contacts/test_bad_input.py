"""What is typed as a contact and is none: a clear message, and what was typed is still there."""

import pytest
from django.test import RequestFactory
from django.utils.functional import Promise

from accounts import errors
from accounts.forms import CONTACT_FORMS
from accounts.models import Contact, ContactChange, Customer
from tests.actors import Visitor, text_of
from tests.contacts.steps import ask, place
from tests.twofactor.steps import english

pytestmark = pytest.mark.django_db

REFUSED: list[tuple[str, str, str | Promise]] = [
    ("mobile", "", errors.MOBILE_SHAPE),
    ("mobile", "abc", errors.MOBILE_SHAPE),
    ("mobile", "9123456", errors.MOBILE_SHAPE),
    ("mobile", "9123\x004567", errors.MOBILE_SHAPE),
    ("mobile", "9" * 65, errors.MOBILE_SHAPE),
    ("mobile", "9123 4567 / 9876 5432", errors.SEVERAL_NUMBERS),
    ("mobile", "9123 4567 ext 12", errors.EXTENSION),
    ("mobile", "2123 4567", errors.LANDLINE),
    ("mobile", "+852 3123 4567", errors.LANDLINE),
    ("mobile", "+44 7400 123456", errors.COUNTRY_NOT_ALLOWED),
    ("mobile", "+1 202 555 0123", errors.COUNTRY_NOT_ALLOWED),
    ("mobile", "+882 16 1234 5678", errors.COUNTRY_NOT_ALLOWED),
    ("mobile", "900 12345678", errors.NOT_MOBILE),
    ("mobile", "+852 800 123 456", errors.NOT_MOBILE),
    ("mobile", "18503", errors.MOBILE_SHAPE),
    ("mobile", "999", errors.MOBILE_SHAPE),
    ("email", "", errors.EMAIL_SHAPE),
    ("email", "amy", errors.EMAIL_SHAPE),
    ("email", "amy@example", errors.EMAIL_SHAPE),
    ("email", "amy@example.com, ben@example.com", errors.EMAIL_SHAPE),
    ("email", "amy@example.com\nBcc: ben@example.com", errors.EMAIL_SHAPE),
    ("email", "Amy <amy@example.com>", errors.EMAIL_SHAPE),
    ("email", "艾米@example.com", errors.EMAIL_SHAPE),
    ("email", "a" * 320 + "@example.com", errors.EMAIL_SHAPE),
    ("email", "x" * 5000, errors.EMAIL_SHAPE),
    ("email", "amy\x00@example.com", errors.EMAIL_SHAPE),
    ("postal_address", " \n \t ", errors.ADDRESS_MISSING),
    ("postal_address", "\n".join("1234567"), errors.ADDRESS_LONG),
    ("postal_address", "\n".join("1234567890"), errors.ADDRESS_LONG),
    ("postal_address", "x" * 501, errors.ADDRESS_LONG),
    ("postal_address", "x" * 5000, errors.ADDRESS_LONG),
    ("postal_address", "9 Nathan Road 🏠", errors.ADDRESS_SIGNS),
    ("postal_address", "9 Nathan Road \u202eeno", errors.ADDRESS_SIGNS),
    ("postal_address", "9 Nathan\u200b Road", errors.ADDRESS_SIGNS),
    ("postal_address", "9 Nathan\x00 Road", errors.ADDRESS_SIGNS),
    ("postal_address", "9 Nathan\x07 Road", errors.ADDRESS_SIGNS),
]


@pytest.mark.parametrize(("contact", "typed", "reason"), REFUSED)
def test_what_is_no_contact_is_refused_with_a_reason_that_helps(
    contact: str, typed: str, reason: str | Promise, inside: Visitor
) -> None:
    """K1, K2"""
    response = inside.post(f"service/contact/edit/{contact}/", {contact: typed})
    assert response.status_code == 200
    facts = {"lines": 6, "letters": 500} if reason is errors.ADDRESS_LONG else {}
    assert english(reason, **facts) in text_of(response)
    assert not ContactChange.objects.exists()


@pytest.mark.parametrize(
    ("contact", "typed"), [("mobile", "9123 456"), ("email", "amy@example"), ("postal_address", "☎ 9")]
)
def test_what_was_typed_is_not_lost(contact: str, typed: str, inside: Visitor) -> None:
    """K2"""
    assert typed in inside.post(f"service/contact/edit/{contact}/", {contact: typed}).content.decode()


TAKEN = [
    ("mobile", "9876 5432", "+85298765432"),
    ("mobile", "８５２－９８７６－５４３２", "+85298765432"),
    ("mobile", "00852 9876 5432", "+85298765432"),
    ("mobile", "+86 138 0013 8000", "+8613800138000"),
    ("mobile", "+853 6612 3456", "+85366123456"),
    ("email", "  Amy.New@Example.ORG ", "Amy.New@example.org"),
    ("email", "amy+tag@例子.香港", "amy+tag@例子.香港"),
    ("postal_address", " 2/F,  9 Nathan Road \r\n\r\n 九龍\t𠝹 ", "2/F, 9 Nathan Road\n九龍 𠝹"),
]


@pytest.mark.parametrize(("contact", "typed", "kept"), TAKEN)
def test_a_contact_may_be_written_as_people_write_it(contact: str, typed: str, kept: str, inside: Visitor) -> None:
    """K1"""
    assert place(ask(inside, contact, typed)) == "prove/"
    assert ContactChange.objects.get().new == kept


@pytest.mark.parametrize(
    ("contact", "typed"),
    [("mobile", "9123 4567"), ("email", "AMY@EXAMPLE.COM"), ("postal_address", "1 Queen's Road Central")],
)
def test_what_is_on_file_already_is_no_change(contact: str, typed: str, inside: Visitor) -> None:
    """K2"""
    assert english(errors.CONTACT_SAME) in text_of(ask(inside, contact, typed))
    assert not ContactChange.objects.exists()


def test_every_contact_has_a_form_with_its_field(rf: RequestFactory) -> None:
    """K2"""
    assert set(CONTACT_FORMS) == set(Contact)
    for contact, form in CONTACT_FORMS.items():
        assert list(form().fields) == [contact.value]
        Customer._meta.get_field(contact.value)
