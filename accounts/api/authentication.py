"""Authentication with bearer tokens (RFC 6750).

Sessions are not accepted: a cookie would make every write open to cross-site requests (CSRF), and
looking one up would cost anonymous reads a query.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.actions.tokens.record_token_use import record_token_use
from accounts.audit.origin import bind_token
from accounts.errors import InvalidTokenError, TokenAddressError
from accounts.models import Token, User
from accounts.policies import check_token_address
from accounts.queries.tokens import find_recent_token, get_token
from common.http.client_address import get_client_address, get_client_network
from common.rate_limits import consume_quota

_SCHEME = "bearer"


class TokenAuthentication(BaseAuthentication):
    """Authenticates `Authorization: Bearer pp_…`."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """Return the user and the token, or None without the header.

        Raises `InvalidTokenError`, `TokenAddressError`.
        """
        header = request.headers.get("Authorization")
        if header is None:
            return None
        address = get_client_address(request)
        try:
            token = _get_token(parse_bearer_token(header), request, address)
            check_token_address(token, address)
        except (InvalidTokenError, TokenAddressError) as error:
            # Limits guessing: such calls never get as far as the limits of tokens.
            quota = consume_quota("denied", get_client_network(request))
            error.context["headers"] = quota.headers
            raise
        bind_token(token.pk)
        # A stolen token of a moderator's pipeline must not decide for the whole registry.
        token.user.is_elevated = token.has_scope("admin")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the value of `WWW-Authenticate` for 401 responses."""
        # Required with a 401 (RFC 6750, section 3).
        return 'Bearer realm="plugport"'


def _get_token(text: str, request: Request, address: str) -> Token:
    if request.method in ("GET", "HEAD"):
        recent = find_recent_token(text)
        if recent is not None:
            return recent
    token = get_token(text)
    record_token_use(token=token, address=address)
    return token


def parse_bearer_token(header: str) -> str:
    """Return the text of the token. Raises `InvalidTokenError` for other schemes."""
    scheme, _, text = header.partition(" ")
    # Schemes are case-insensitive (RFC 9110, section 11.1).
    if scheme.lower() != _SCHEME or not text.strip():
        raise InvalidTokenError(
            "The Authorization header is not of the form `Bearer <token>`.",
            hint="Send `Authorization: Bearer pp_…`.",
        )
    return text.strip()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library's base is untyped
    """Describes the tokens in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the HTTP bearer scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from your account page with the scope that the call needs.",
        }
