"""The section of `/account` with the plugins of the user."""

from __future__ import annotations

import shlex
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from accounts.pages.account import AccountSection
from marketplace.pagination import build_pagination
from marketplace.queries.home import list_own_plugins
from registry.queries.catalog import MAX_PAGE


def _build_context(request: HttpRequest, user: User) -> dict[str, Any]:
    """Return one page of the user's plugins with their latest uploads: 3 queries."""
    # Every process imports this module, and the API's libraries take a quarter of its start.
    from registry.api.v1.parameters import get_int_parameter

    own = list_own_plugins(user, page=get_int_parameter(request.GET, "page", 1, MAX_PAGE))
    return {
        "own": own,
        "login_command": f"plugport login --registry {shlex.quote(settings.BASE_URL)}",
        "pagination": build_pagination(request.GET, number=own.number, pages=own.pages),
    }


OWN_PLUGINS = AccountSection("partials/own_plugins.html", _build_context)
