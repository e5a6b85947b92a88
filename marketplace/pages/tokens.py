"""`/account/tokens`: make tokens, see them, take them back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.create_token import MAX_DAYS, MAX_NAME_CHARS, create_token
from accounts.actions.revoke_token import revoke_token
from accounts.errors import TokenRequestError
from accounts.queries import list_tokens
from marketplace.actor import get_reader

_SCOPES = (
    ("read", "Read: what your account may see"),
    ("publish", "Publish: send new releases"),
    ("manage", "Manage: change, deprecate and yank what is published"),
)


class TokenForm(forms.Form):
    """What a token is to be. The rules are the action's; here are only the inputs."""

    name = forms.CharField(
        label="Name",
        max_length=MAX_NAME_CHARS,
        help_text="Where it is used, such as “laptop” or “release workflow”.",
    )
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=_SCOPES,
        widget=forms.CheckboxSelectMultiple,
        initial=["read", "publish"],
        error_messages={"required": "Choose at least one."},
    )
    limit = forms.CharField(
        label="Only for",
        required=False,
        max_length=130,
        help_text="A plugin (@acme/chat) or a scope (@acme). Empty: everything of yours.",
    )
    days = forms.IntegerField(
        label="Expires after days",
        required=False,
        min_value=1,
        max_value=MAX_DAYS,
        initial=90,
        help_text="Empty: never.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def show_tokens(request: HttpRequest) -> HttpResponse:
    """The tokens and the form; after a POST also the new token's text, this once."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = _make_token(request, form) if form.is_bound and form.is_valid() else None
    context: dict[str, Any] = {
        "form": TokenForm() if made else form,
        "made": made,
        "tokens": list_tokens(get_reader(request)),
    }
    return render(request, "pages/tokens.html", context, status=400 if form.errors else 200)


def _make_token(request: HttpRequest, form: TokenForm) -> str | None:
    """The text of the new token; None with the faults in the form."""
    values = form.cleaned_data
    try:
        return create_token(
            actor=get_reader(request),
            name=values["name"],
            scopes=values["scopes"],
            limit=values["limit"].strip(),
            days=values["days"],
        )[1]
    except TokenRequestError as error:
        for fault in error.fields:
            form.add_error(fault.field, fault.detail)
        if not error.fields:
            form.add_error(None, f"{error.detail} {error.hint or ''}".strip())
        return None


@require_POST
@never_cache
@login_required
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """Take one token back."""
    token = revoke_token(actor=get_reader(request), token_id=token_id)
    messages.success(request, f"The token “{token.name}” is revoked.")
    return redirect("tokens")
