"""Sensitive acts require that the person signed in, or proved to be the owner, a moment ago."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

# In the session: the id of the account, and the time.
_KEY = "confirmed"
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def record_confirmation(request: HttpRequest) -> None:
    """Remember that the signed-in person gave the password or a second factor now."""
    request.session[_KEY] = [request.user.pk, time.time()]


def is_confirmed(request: HttpRequest) -> bool:
    """Whether that happened in the last `CONFIRMATION_SECONDS`."""
    owner, at = request.session.get(_KEY) or (None, 0)
    age = time.time() - at
    return owner == request.user.pk and 0 <= age < settings.CONFIRMATION_SECONDS


def redirect_to_confirmation(path: str, request: HttpRequest | None = None) -> HttpResponseRedirect:
    """To the page that asks for the password or a second factor, and leads back to the path.

    `path` must accept GET. Give the request of a form that is not kept: a message says so.
    """
    if request is not None and request.method == "POST":
        messages.info(request, "Your form was not kept. After you confirm, send it again.")
    return HttpResponseRedirect(f"{reverse('confirm')}?{urlencode({'next': path})}")


def confirmation_required(view: View, *, form_page: str = "") -> View:
    """Redirect requests without a recent confirmation; for views that need a sign-in.

    The form of such a request is not kept: it may contain secrets, and sessions are in the database.
    `form_page` names the page with the form, for views that accept nothing but a POST.
    """

    @wraps(view)
    @login_required
    def check(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_confirmed(request):
            return view(request, *args, **kwargs)
        return redirect_to_confirmation(reverse(form_page) if form_page else request.path, request)

    return check  # type: ignore[return-value]  # it takes the same parameters


@receiver(user_logged_in)
def _confirm_at_sign_in(request: HttpRequest, user: Any, **_: Any) -> None:
    request.session[_KEY] = [user.pk, time.time()]
