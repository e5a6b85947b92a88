"""`/publications/<id>`: what became of an upload, for the people of its plugin."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.actor import get_reader
from registry.checks import get_check_title
from registry.publishing.states import PUBLIC_STATES, ReleaseState
from registry.queries import get_publication


@require_safe
@never_cache
@login_required
def show_publication(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """State, verdict, and each check with its findings; the same as the API's status document."""
    release = get_publication(public_id, actor=get_reader(request))
    context = {
        "release": release,
        "plugin": release.plugin,
        "checks": [(run, get_check_title(run.name)) for run in release.checks.all()],
        "is_waiting": release.state == ReleaseState.CHECKING,
        "is_public": release.state in PUBLIC_STATES,
    }
    return render(request, "pages/publication.html", context)
