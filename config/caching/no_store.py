"""Keep personal pages out of shared caches."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_PRIVATE = "private, no-cache"


class PrivateResponsesMiddleware:
    """Marks responses that depend on the signed-in user as private (RFC 9111, section 5.2.2.7).

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
            response.headers.setdefault("Cache-Control", _PRIVATE)
        return response
