"""`/account`: the signed-in user's own page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.pages.current_user import get_signed_in_user
from accounts.queries.organizations import list_memberships
from accounts.queries.tokens import list_tokens


@dataclass(frozen=True, slots=True)
class AccountSection:
    """A part of the page that another app provides: a template and the context it needs.

    `is_for_organizations`: also sessions of an organization's single sign-on show it, with what they reach.
    """

    template: str
    build_context: Callable[[HttpRequest, User], dict[str, Any]]
    is_for_organizations: bool = False


_sections: list[AccountSection] = []


def register_section(section: AccountSection) -> None:
    """Show the section above the tokens. Call it from `ready`.

    Apps above this one use it: accounts imports neither plugins nor other pages.
    """
    if section not in _sections:
        _sections.append(section)


@require_safe
@never_cache
@login_required
def render_account(request: HttpRequest) -> HttpResponse:
    """The registered sections, then the user's tokens.

    In a session of an organization's single sign-on, only what the session reaches.
    """
    user = get_signed_in_user(request)
    is_limited = user.session_of is not None
    sections = [each for each in _sections if each.is_for_organizations or not is_limited]
    context: dict[str, Any] = {"sections": sections}
    # Sections share the context with the page, so templates can include common partials.
    for section in sections:
        context |= section.build_context(request, user)
    if is_limited:
        context["memberships"] = list_memberships(user)
        return render(request, "account/organization_session.html", context)
    context["tokens"] = list_tokens(user)
    return render(request, "account/account.html", context)
