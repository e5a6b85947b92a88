"""What the pages of an organization share: the viewer's rights, and how a button runs its action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.models import Organization, User
from accounts.policies import OrganizationRight, find_missing, list_organization_rights
from common.http.status import get_status
from plugport.spec.errors import PlugportError
from registry.api.v1.parameters import get_int_parameter
from registry.queries.catalog import MAX_PAGE

# Gets the viewer, the organization and the values of the form; returns what was done.
Run = Callable[[User, Organization, Mapping[str, str]], str]


def find_viewer(request: HttpRequest) -> User | None:
    """The signed-in user."""
    return request.user if isinstance(request.user, User) else None


def build_frame(organization: Organization, viewer: User | None) -> dict[str, Any]:
    """The context of the heading and the tabs: at most 1 query, 2 for members whose rights do not count."""
    rights = list_organization_rights(viewer, organization)
    return {
        "organization": organization,
        "missing": "" if viewer is None else find_missing(viewer, organization),
        "is_insider": OrganizationRight.SEE_MEMBERS in rights,
        "can_manage": OrganizationRight.MANAGE_PEOPLE in rights,
        "can_edit": OrganizationRight.MANAGE_PROPERTY in rights,
    }


def get_page_number(request: HttpRequest) -> int:
    """The page of the list that the viewer opened. Raises `QueryError`."""
    return get_int_parameter(request.GET, "page", 1, MAX_PAGE)


def parse_number(text: str) -> int:
    """The number; 0, which is no id and no number of days, for other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def run_button(
    request: HttpRequest,
    viewer: User,
    organization: Organization,
    actions: Mapping[str, Run],
) -> None:
    """Run the action of the button that was pressed; a message says what came of it."""
    run = actions.get(request.POST.get("action", ""))
    if run is None:
        messages.error(request, "The form is not complete. Nothing was changed.")
        return
    # Longer values are names of nothing; the actions need not look at them.
    values = {name: str(value)[:300] for name, value in request.POST.items()}
    try:
        messages.success(request, run(viewer, organization, values))
    except PlugportError as error:
        details = " ".join(each.detail for each in error.fields) or error.hint or ""
        messages.error(request, f"{error.detail} {details}".strip())


def add_error(form: forms.Form, error: PlugportError) -> int:
    """Show the error in the form; returns the status of the response."""
    for field_error in error.fields:
        known = field_error.field if field_error.field in form.fields else None
        form.add_error(known, field_error.detail)
    if not error.fields:
        form.add_error(None, f"{error.detail} {error.hint or ''}".strip())
    return get_status(error)


def redirect_to(page: str, organization: Organization, *arguments: str) -> HttpResponse:
    """Show the page again with its result."""
    return redirect(page, organization.name, *arguments)


def render_page(
    request: HttpRequest,
    template: str,
    organization: Organization,
    viewer: User | None,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Render a page of the organization."""
    frame = build_frame(organization, viewer)
    frame["tab"] = {"team": "teams", "robot": "robots"}.get(template, template)
    return render(request, f"organizations/{template}.html", {**frame, **context}, status=status)
