"""The base class of all API views: authentication, rate limits, length of bodies."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.errors import TokenRequiredError
from accounts.models import Token, User
from accounts.policies import check_token_may
from common.gateway_protocol import BODY_CHECKED, BODY_HEADER
from common.http.errors import LengthRequiredError, QueryError
from common.rate_limits import Quota, count_request, find_quota


class ApiView(APIView):
    """Counts each call against a rate limit and adds the `RateLimit-*` headers to the response.

    Reads count under `read`, other calls under `write` or the view's `limit_kind`. Calls count per
    token, without a token per client address.
    """

    limit_kind: ClassVar[str] = ""
    quota: Quota | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Raise `QueryError` or `LengthRequiredError` for a request that cannot be read."""
        super().initial(request, *args, **kwargs)
        _check_query_encoding(request.META.get("QUERY_STRING", ""))
        # Django reads as many bytes as Content-Length declares: none without it.
        if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
            raise LengthRequiredError(
                "The request has a chunked body without a Content-Length header.",
                hint="Send the Content-Length header. Write the package to a file first.",
            )

    def check_throttles(self, request: Request) -> None:
        """Count the call. Raises `RateLimitedError`."""
        is_read = request.method in ("GET", "HEAD", "OPTIONS")
        kind = "read" if is_read else self.limit_kind or "write"
        token_id = request.auth.pk if isinstance(request.auth, Token) else 0
        # It was counted when the gateway sent its headers.
        take = find_quota if get_body_step(request) == BODY_CHECKED else count_request
        self.quota = take(request, kind, token_id=token_id)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Any:
        """Add the headers of the rate limit."""
        finalized = super().finalize_response(request, cast("Any", response), *args, **kwargs)
        for name, value in (self.quota.headers if self.quota else {}).items():
            finalized.headers.setdefault(name, value)
        return finalized


def _check_query_encoding(query_string: str) -> None:
    """Raise `QueryError` unless the query is UTF-8 after percent-decoding (RFC 3986, section 2.5)."""
    try:
        unquote_to_bytes(query_string).decode()
    except UnicodeDecodeError as error:
        # Django replaces invalid bytes, and a search for the replacement finds nothing.
        raise QueryError(
            f"The query contains the byte 0x{error.object[error.start]:02X}, which is not valid"
            " UTF-8.",
            hint="Percent-encode parameters as UTF-8: `ü` is `%C3%BC`.",
        ) from None


def get_body_step(request: Request) -> str:
    """What the gateway says about the body of an upload: `BODY_AWAITED`, `BODY_CHECKED` or nothing."""
    return request.headers.get(BODY_HEADER, "") if settings.BEHIND_GATEWAY else ""


def get_actor(request: Request, *scopes: str, plugin: str = "") -> User:
    """Return the caller, whose token must have one of `scopes` and be valid for the plugin.

    Raises `TokenRequiredError` and `TokenScopeError`.
    """
    token = get_request_token(request)
    check_token_may(token, scopes, plugin)
    return token.user


def get_request_token(request: Request) -> Token:
    """Return the token of the call. Raises `TokenRequiredError`."""
    token = request.auth
    if not isinstance(token, Token):
        raise TokenRequiredError(
            "This call requires a token.",
            hint="Create a token on your account page and send `Authorization: Bearer pp_…`.",
        )
    return token
