"""Keep personal pages out of shared caches."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from common.api.conditional import PRIVATE


class PrivateResponsesMiddleware:
    """Lets nobody store responses that depend on the signed-in user (RFC 9111, section 5.2.2.5).

    Not even the browser: after the end of a session, the Back button must not show its pages.

    It never loads a session: a response for which no code looked up the user is the same for
    everyone. A view that sets `Cache-Control` itself keeps its header.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Django stores the user here after the first lookup. `request.user` would do that lookup,
        # which costs a query and fails without a database.
        user = getattr(request, "_cached_user", None)
        if user is not None and user.is_authenticated:
            response.headers.setdefault("Cache-Control", PRIVATE)
        return response
