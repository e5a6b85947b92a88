"""For whom a request reads: an account by its session on pages, by its token in the API."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import Token
from common.cache_marks import restrict_response
from common.gateway_protocol import PERSONAL_COOKIES
from registry.queries.visible import Viewer


def get_page_viewer(request: HttpRequest) -> Viewer:
    """The account that is signed in, or everybody. Without a cookie it costs no query."""
    # Reading the session would add `Vary: Cookie` to what is the same for everybody.
    if not PERSONAL_COOKIES & request.COOKIES.keys():
        return Viewer()
    user = request.user
    return _keep(request, Viewer(user if user.is_authenticated else None))


def get_token_viewer(request: Request) -> Viewer:
    """The account of the token, or everybody without one: no query."""
    token = request.auth if isinstance(request.auth, Token) else None
    viewer = Viewer(token.user, token) if token is not None else Viewer()
    return _keep(request._request, viewer)  # noqa: SLF001 -- middleware sees this one


def _keep(request: HttpRequest, viewer: Viewer) -> Viewer:
    restrict_response(request, lambda: viewer.has_seen_restricted)
    return viewer
