"""`/account/scopes`: create and list scopes, and their section of `/account`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.pages.account import AccountSection
from accounts.pages.current_user import get_signed_in_user
from plugport.spec.errors import PlugportError
from registry.actions.create_scope import create_scope
from registry.models import Scope
from registry.policies import MAX_SCOPES
from registry.queries.transfers import list_owned_scopes


class ScopeForm(forms.Form):
    """The input for a new scope. The action `create_scope` checks the rules."""

    name = forms.CharField(
        label="Name",
        max_length=65,
        help_text="For example “my-team”. Your plugins can then have names such as @my-team/hello.",
    )


def _build_context(_request: HttpRequest, user: User) -> dict[str, Any]:
    """Return the scopes of the user: 1 query."""
    scopes = list(Scope.objects.filter(owner__user=user).order_by("name"))
    return {
        "scopes": scopes,
        # It belongs to the account before its first plugin creates it.
        "has_own_scope": any(scope.name == user.username for scope in scopes),
        "max_scopes": MAX_SCOPES,
    }


OWN_SCOPES = AccountSection("partials/own_scopes.html", _build_context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_scopes(request: HttpRequest) -> HttpResponse:
    """The user's scopes and the form for a new one."""
    user = get_signed_in_user(request)
    form = ScopeForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            scope, is_new = create_scope(actor=user, name=form.cleaned_data["name"])
        except PlugportError as error:
            form.add_error("name", f"{error.detail} {error.hint or ''}".strip())
        else:
            text = "is now yours" if is_new else "is yours already"
            messages.success(request, f"The scope {scope} {text}.")
            return redirect("scopes")
    context = {
        "form": form,
        "organization_scopes": list_owned_scopes(user),
        **_build_context(request, user),
    }
    return render(request, "account/scopes.html", context, status=400 if form.errors else 200)
