"""Say which responses shared caches and the gateway may store (`common.gateway_protocol`)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from common.api.conditional import PRIVATE, REVALIDATE
from common.cache_marks import find_mark, find_record, is_impersonal, is_restricted
from common.gateway_protocol import CACHE_HEADER, PERSONAL_COOKIES, QUERY_HEADER, RECORD_HEADER
from marketplace.syndication.http_cache import build_conditional_response, compute_etag
from registry.downloads.surrogate_keys import SURROGATE_HEADERS

_NOT_SHARED = ("private", "no-store")


class CacheMarkMiddleware:
    """Adds the headers of responses that are the same for everybody without an account.

    They may be stored by shared caches, which must revalidate them each time, as the documents of the API:
    a default lifetime of a cache would keep a release that was blocked. All other responses with 200 may
    not be stored. A view that sets `Cache-Control` itself keeps its header, unless the response has
    something that is not public (`restrict_response`).

    It sees the cookies that other middleware sets, so it comes before them in the settings.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if is_restricted(request):
            response.headers["Cache-Control"] = PRIVATE
            for header in SURROGATE_HEADERS:
                response.headers.pop(header, None)
            return response
        is_shared = is_impersonal(response) and not is_personal(request, response)
        if response.status_code == 200:
            response.headers.setdefault("Cache-Control", REVALIDATE if is_shared else PRIVATE)
        if not is_shared:
            return response
        mark = find_mark(response) if settings.BEHIND_GATEWAY else None
        if mark is not None and mark.covers(dict(request.GET.lists())):
            response.headers[CACHE_HEADER] = mark.dependency
            response.headers[QUERY_HEADER] = ",".join(mark.parameters)
            if record := find_record(response):
                response.headers[RECORD_HEADER] = record
        if isinstance(response, HttpResponse) and "ETag" not in response.headers:
            etag = compute_etag(response.content)
            return build_conditional_response(request, response, etag=etag)
        return response


def is_personal(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether the response may depend on who asks, or is not a complete one to store."""
    if request.method not in ("GET", "HEAD") or response.status_code != 200 or response.streaming:
        return True
    if "Authorization" in request.headers or PERSONAL_COOKIES & request.COOKIES.keys():
        return True
    # Django stores the user here after the first lookup; `request.user` would do that lookup.
    user = getattr(request, "_cached_user", None)
    if user is not None and user.is_authenticated:
        return True
    # Set by `get_token`: the response has a token that belongs to the reader's cookie.
    has_token = bool(request.META.get("CSRF_COOKIE_NEEDS_UPDATE"))
    has_message = bool(getattr(get_messages(request), "added_new", False))
    cache_control = response.headers.get("Cache-Control", "").lower()
    return (
        has_token
        or has_message
        or bool(response.cookies)
        or any(word in cache_control for word in _NOT_SHARED)
    )
