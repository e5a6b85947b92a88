"""`/plugins/{name}/owners/log`: what was done to a plugin and by whom, for its members."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.pages.audit_log import LogPage, export_log, render_log
from accounts.pages.current_user import get_signed_in_user
from registry.queries.audit import get_plugin_scope


def _build_page(name: str, viewer: User) -> LogPage:
    scope = get_plugin_scope(name, viewer=viewer)
    return LogPage(
        scope,
        f"Log of {scope.name}",
        "plugin-log",
        (scope.name,),
        back=reverse("owners", args=[scope.name]),
        back_title="Owners",
        # Those of other people are hidden.
        with_address=False,
    )


@require_safe
@never_cache
@login_required
def render_plugin_log(request: HttpRequest, name: str) -> HttpResponse:
    """The newest entries about the plugin."""
    return render_log(request, _build_page(name, get_signed_in_user(request)))


@require_POST
@never_cache
@login_required
def export_plugin_log(request: HttpRequest, name: str) -> HttpResponseBase:
    """The same as a file."""
    return export_log(request, _build_page(name, get_signed_in_user(request)))
