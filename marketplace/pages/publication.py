"""`/publications/<id>`: the state of an upload, for members of the plugin."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.pages.current_user import get_signed_in_user
from marketplace.pages.checks import build_check_results
from registry.models.states import PUBLIC_STATES, ReleaseState
from registry.queries.catalog import get_publication


@require_safe
# The page polls itself while the checks run, and findings are visible to members only.
@never_cache
@login_required
def render_publication(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """State, verdict, and the findings of each check, as in the API's status document."""
    release = get_publication(public_id, actor=get_signed_in_user(request))
    context = {
        "release": release,
        "plugin": release.plugin,
        "checks": build_check_results(release.checks.all(), lambda run: run.findings),
        "is_waiting": release.state == ReleaseState.CHECKING,
        "is_public": release.state in PUBLIC_STATES,
    }
    return render(request, "pages/publication.html", context)
