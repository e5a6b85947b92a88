"""`/account/sessions`: where the account is signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.sessions.end_sessions import end_all_sessions, end_session
from accounts.actions.sessions.track_session import track_session
from accounts.models import User
from accounts.pages.current_user import get_signed_in_user
from accounts.queries.sessions import list_sessions


class SessionMiddleware:
    """Records where the account is signed in, for requests that needed to know the account."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Set by the first use of `request.user`: nothing is loaded for responses that do not depend on it.
        user = getattr(request, "_cached_user", None)
        if isinstance(user, User):
            track_session(request=request, user=user)
        return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def render_sessions(request: HttpRequest) -> HttpResponse:
    """The sessions of the account; a POST ends all others."""
    user = get_signed_in_user(request)
    if request.method == "POST":
        end_all_sessions(user=user, by=user)
        update_session_auth_hash(request, user)
        messages.success(request, "You are signed out everywhere else.")
        return redirect("sessions")
    context: dict[str, Any] = {
        "sessions": list_sessions(user),
        "current_key": request.session.session_key,
    }
    return render(request, "account/security/sessions.html", context)


@require_POST
@never_cache
@login_required
def end(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one session of the user."""
    end_session(actor=get_signed_in_user(request), session_id=session_id)
    messages.success(request, "The session has ended.")
    return redirect("sessions")
