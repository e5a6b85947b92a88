"""Answers that know who reads are for that reader alone."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_PRIVATE = "private, no-cache"


class PrivateAnswersMiddleware:
    """Keeps shared caches from pages that were made for somebody who is signed in.

    Nobody's session is read for this: an answer for which nobody asked who reads is the same for
    all of them. Answers that say themselves who may keep them stay as they are.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Where Django keeps the user once asked for. To ask here could fail, the database being away.
        reader = getattr(request, "_cached_user", None)
        if reader is not None and reader.is_authenticated:
            response.headers.setdefault("Cache-Control", _PRIVATE)
        return response
