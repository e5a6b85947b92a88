"""`/accounts/<name>`: moderators and operators suspend an account; operators decide about its groups."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actions.change_groups import change_groups
from accounts.actions.suspend_account import lift_suspension, suspend_account
from accounts.errors import (
    AccountDeniedError,
    AccountStateError,
    GroupRequestError,
    UnknownUserError,
)
from accounts.models import AccountGroup, Suspension, User
from accounts.models.user import MAX_SUSPENSION_REASON_CHARS
from accounts.pages.current_user import get_signed_in_user
from accounts.policies import (
    can_manage_accounts,
    check_may_change_groups,
    check_may_suspend,
)
from accounts.queries.scim import is_closed_by_scim
from accounts.queries.users import get_user
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation

# What each group may do, in the words of the page.
_EFFECTS = {
    AccountGroup.MODERATOR: "Decides on releases, and suspends accounts that are in no group.",
    AccountGroup.SECURITY_REVIEWER: "Sees what moderators see of held and blocked releases, and decides nothing.",
    AccountGroup.OPERATOR: "May do everything: single sign-on, the audit log, groups, and all that moderators do.",
}

_STATUS = {GroupRequestError: 400, AccountDeniedError: 403, AccountStateError: 409}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_managed_account(request: HttpRequest, username: str) -> HttpResponse:
    """The state and the groups of an account, with forms. For others, the page does not exist."""
    actor = get_signed_in_user(request)
    if not can_manage_accounts(actor):
        raise UnknownUserError(f"No account is named `{username[:64]}`.")
    if not is_confirmed(request):
        return redirect_to_confirmation(request.path, request)
    account = get_user(username)
    error = None
    if request.method == "POST":
        try:
            messages.success(request, _apply(request, actor, account))
            return redirect("managed-account", account.username)
        except (GroupRequestError, AccountDeniedError, AccountStateError) as caught:
            error = caught
    context = {
        "account": account,
        "suspension": Suspension.objects.select_related("by").filter(user=account).first(),
        "groups": [
            (group, group in account.registry_groups, _EFFECTS[group]) for group in AccountGroup
        ],
        "is_deactivated": not account.is_active and is_closed_by_scim(account),
        "suspending_refusal": _find_refusal(lambda: check_may_suspend(actor, account)),
        "groups_refusal": _find_refusal(lambda: check_may_change_groups(actor, account)),
        "max_reason_chars": MAX_SUSPENSION_REASON_CHARS,
        "error": error,
    }
    status = 200 if error is None else _STATUS[type(error)]
    return render(request, "account/managed_account.html", context, status=status)


def _apply(request: HttpRequest, actor: User, account: User) -> str:
    """Do what the form says, and return the message."""
    action = request.POST.get("action")
    if action == "suspend":
        suspend_account(actor=actor, account=account, reason=request.POST.get("reason", ""))
        return f"`{account.username}` is suspended."
    if action == "lift":
        lift_suspension(actor=actor, account=account)
        return f"`{account.username}` is no longer suspended."
    if action == "groups":
        change_groups(actor=actor, account=account, groups=request.POST.getlist("groups"))
        return "The groups were saved."
    raise GroupRequestError("The action must be `suspend`, `lift` or `groups`.")


def _find_refusal(check: Callable[[], None]) -> str:
    """Why the actor may not, or nothing."""
    try:
        check()
    except AccountDeniedError as error:
        return error.detail
    return ""
