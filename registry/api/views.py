"""The base of all API views: who calls, how often, with which token."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.errors import TokenNeededError, TokenScopeError
from accounts.models import Token, User
from plugport.spec.names import PluginName
from registry.api.address import get_address
from registry.errors import LengthRequiredError
from registry.limits import Quota, spend
from registry.publishing.admit import check_token_limit


class ApiView(APIView):
    """Counts the call against its limit and adds the `RateLimit-*` headers to every answer.

    Reads count per token or address under `read`, everything else under `write`; a view may set
    `limit_kind` to use another limit.
    """

    limit_kind: ClassVar[str] = ""
    quota: Quota | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body of unknown length, which Django would take for none.

        Raises `LengthRequiredError`, and what the steps of DRF raise.
        """
        super().initial(request, *args, **kwargs)
        if "Transfer-Encoding" in request.headers and "Content-Length" not in request.headers:
            raise LengthRequiredError(
                "The body came in chunks, without its length.",
                hint="Send the Content-Length header; for a package of unknown length, save it first.",
            )

    def check_throttles(self, request: Request) -> None:
        """Spend one call. Raises `RateLimitedError`."""
        is_read = request.method in ("GET", "HEAD", "OPTIONS")
        kind = "read" if is_read else self.limit_kind or "write"
        token = request.auth
        caller = f"token:{token.pk}" if isinstance(token, Token) else get_address(request)
        self.quota = spend(kind, caller)

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> Any:
        """Add the headers of the limit."""
        answer = super().finalize_response(request, cast("Any", response), *args, **kwargs)
        for name, value in (self.quota.headers if self.quota else {}).items():
            answer.headers.setdefault(name, value)
        return answer


def get_actor(request: Request, *scopes: str, plugin: str = "") -> User:
    """The caller, whose token must have one of `scopes` and may be limited to the plugin.

    Raises `TokenNeededError` or `TokenScopeError`.
    """
    token = get_request_token(request)
    if scopes and not any(token.has_scope(scope) for scope in scopes):
        raise TokenScopeError(
            f"This needs a token with the scope `{'` or `'.join(scopes)}`; yours has"
            f" `{', '.join(token.scopes) or 'none'}`.",
            hint="Make another token on your account page.",
        )
    if plugin:
        check_token_limit(token.limit, PluginName.parse(plugin))
    return token.user


def get_request_token(request: Request) -> Token:
    """The token of the call. Raises `TokenNeededError`."""
    token = request.auth
    if not isinstance(token, Token):
        raise TokenNeededError(
            "This call needs a token.",
            hint="Make one on your account page and send `Authorization: Bearer pp_…`.",
        )
    return token
