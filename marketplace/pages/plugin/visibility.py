"""`/plugins/<name>/visibility` and `/account/scopes/<name>/visibility`: who sees it, with a preview."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.pages.current_user import get_signed_in_user
from plugport.spec.errors import PlugportError
from registry.actions.change_visibility import change_scope_visibility, change_visibility
from registry.api.v1.parameters import get_choice_parameter
from registry.models import Visibility
from registry.policies import check_may_change_visibility
from registry.publishing.first_visibility import parse_visibility
from registry.queries.members import get_member_plugin
from registry.queries.scopes import get_own_scope
from registry.queries.visibility_choices import (
    VisibilityChoice,
    list_plugin_choices,
    list_scope_choices,
)


@dataclass(frozen=True, slots=True)
class _Target:
    """What the page changes. `back` is the address of the page above."""

    name: str
    visibility: str
    address: str
    back: str
    back_title: str
    is_scope: bool
    choices: Sequence[VisibilityChoice]
    change: Callable[[Visibility], Any]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_plugin_visibility(request: HttpRequest, name: str) -> HttpResponse:
    """Who may see a plugin; for its owners: 7 queries.

    Raises `UnknownPluginError` and `NotMemberError`.
    """
    actor = get_signed_in_user(request)
    plugin = get_member_plugin(name, actor=actor)
    check_may_change_visibility(actor, plugin)
    return _respond(
        request,
        _Target(
            name=plugin.name,
            visibility=plugin.visibility,
            address=reverse("visibility", args=[plugin.name]),
            back=reverse("owners", args=[plugin.name]),
            back_title="Members and roles",
            is_scope=False,
            choices=list_plugin_choices(plugin, actor),
            change=lambda to: change_visibility(actor=actor, plugin=plugin, visibility=to),
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_scope_visibility(request: HttpRequest, name: str) -> HttpResponse:
    """Who may see the plugins of a scope; for its owner: 2 queries. Raises `UnknownScopeError`."""
    actor = get_signed_in_user(request)
    scope = get_own_scope(name, actor)
    return _respond(
        request,
        _Target(
            name=str(scope),
            visibility=scope.visibility,
            address=reverse("scope-visibility", args=[scope.name]),
            back=reverse("scopes"),
            back_title="Your scopes",
            is_scope=True,
            choices=list_scope_choices(scope),
            change=lambda to: change_scope_visibility(actor=actor, scope=scope, visibility=to),
        ),
    )


def _respond(request: HttpRequest, target: _Target) -> HttpResponse:
    """Show the choices, then the preview of one (`?to=`), whose button posts the change."""
    if request.method == "POST":
        try:
            visibility = parse_visibility(request.POST.get("visibility", ""))
            target.change(visibility)
        except PlugportError as error:
            messages.error(request, f"{error.detail} {error.hint or ''}".strip())
        else:
            messages.success(request, f"{target.name} is {visibility} now.")
        return redirect(target.address)
    to = get_choice_parameter(request.GET, "to", tuple(Visibility.values))
    chosen = next((each for each in target.choices if each.visibility == to), None)
    if chosen is not None and (chosen.is_current or not chosen.is_allowed):
        chosen = None
    context = {"target": target, "chosen": chosen}
    return render(request, "pages/visibility.html", context)
