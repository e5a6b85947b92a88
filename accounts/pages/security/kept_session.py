"""The session in which a person changed something that ended all others."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from accounts.security.devices import remember_device


def redirect_signed_in(request: HttpRequest, user: User, view: str) -> HttpResponse:
    """Sign the person in again in this browser alone, and go to the page of the name."""
    update_session_auth_hash(request, user)
    messages.success(request, "You are signed out everywhere else.")
    response = redirect(view)
    # The browser's mark followed from the sessions that have ended.
    remember_device(request, response, user)
    return response
