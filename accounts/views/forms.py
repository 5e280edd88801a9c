"""Forms to download, print and sign by hand."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts import errors
from accounts.decorators import inside_required
from accounts.models import SignIn
from accounts.services import paper
from portal.letters import paper_form


@require_safe
@inside_required
def forms(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """What there is to download, what it is for, and how it comes back to us."""
    return render(request, "accounts/forms.html")


@require_safe
@inside_required
def prefilled(request: HttpRequest, sign_in: SignIn) -> HttpResponse:
    """The client information update form with name, account number and a reference."""
    customer = sign_in.customer
    if customer is None:
        raise AssertionError("a session has an account")
    form = paper.hand_out(customer)
    if form is None:
        messages.warning(request, str(errors.FORM_TOO_OFTEN))
        return redirect("accounts:forms")
    pdf = paper_form.prefilled(form.reference, name=customer.name, number=customer.login, language=_language())
    return shown(pdf, f"client-information-update-form-{form.reference}")


def shown(pdf: bytes, name: str) -> HttpResponse:
    """A file that the browser shows or saves, under this name; its words are in the language of the page."""
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"', "Content-Language": _language()},
    )


def _language() -> str:
    return get_language() or settings.LANGUAGE_CODE
