"""Sign out everywhere else."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.actions.sessions.end_sessions import end_all_sessions
from accounts.models import User
from accounts.security.devices import remember_device


def end_other_sessions(request: HttpRequest, user: User, view: str) -> HttpResponse:
    """End all sessions but this one, after a factor was added, and go to the page of the name.

    A thief may be in one of them: a factor keeps nobody out who is signed in.
    """
    end_all_sessions(user=user, by=user)
    update_session_auth_hash(request, user)
    messages.success(request, "You are signed out everywhere else.")
    response = redirect(view)
    # The browser's mark followed from the sessions that have ended.
    remember_device(request, response, user)
    return response
