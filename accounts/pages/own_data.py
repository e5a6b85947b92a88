"""`/account/delete` and `/account/export`: what the law lets everyone ask of a service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.close_account import close_account
from accounts.errors import AccountNeededError, LastOrganizationOwnerError
from accounts.models import User
from accounts.pages.current_user import get_signed_in_user
from accounts.queries.export import iter_account_export
from accounts.queries.organizations import list_last_owned
from accounts.security.closing import list_remaining
from accounts.security.confirmation import confirmation_required

_SHOWN = 50


class DeleteForm(forms.Form):
    """The user name, typed again, so that nobody deletes an account by accident."""

    username = forms.CharField(label="Your user name", max_length=64)
    leave = forms.BooleanField(
        label="Leave them without an owner",
        required=False,
        help_text="Nobody can publish them again.",
    )

    def __init__(self, *args: Any, user: User, has_remaining: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if not has_remaining:
            del self.fields["leave"]

    def clean_username(self) -> str:
        """Compare the name. Raises `ValidationError`."""
        name = str(self.cleaned_data["username"]).strip()
        if name != self.user.username:
            raise forms.ValidationError(f"Enter `{self.user.username}`.")
        return name


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@confirmation_required
def render_delete(request: HttpRequest) -> HttpResponse:
    """What happens, what would be left without an owner, and the form.

    No form while the account is the last owner of an organization.
    """
    user = get_signed_in_user(request)
    remaining = list_remaining(user)
    form = DeleteForm(
        request.POST if request.method == "POST" else None,
        user=user,
        has_remaining=bool(remaining),
    )
    if form.is_bound and form.is_valid():
        try:
            close_account(actor=user, leaves_without_owner=bool(form.cleaned_data.get("leave")))
        except (AccountNeededError, LastOrganizationOwnerError) as error:
            form.add_error(None, f"{error.detail} {error.hint or ''}".strip())
        else:
            # Not `logout`, whose signal would record the erased name and the address again.
            request.session.flush()
            request.user = AnonymousUser()
            messages.success(request, "Your account is deleted.")
            return redirect("home")
    context: dict[str, Any] = {
        "form": form,
        "organizations": list_last_owned(user),
        "remaining": remaining[:_SHOWN],
        "more": max(0, len(remaining) - _SHOWN),
    }
    return render(request, "account/delete.html", context, status=400 if form.errors else 200)


@require_safe
@never_cache
@confirmation_required
def export(request: HttpRequest) -> HttpResponseBase:
    """All data of the account as a JSON file."""
    user = get_signed_in_user(request)
    response = StreamingHttpResponse(
        iter_account_export(user), content_type="application/json; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="{user.username}.json"'
    return response
