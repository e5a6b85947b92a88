"""Bearer tokens (API-3). Nothing here looks at a session: anonymous reads cost no query."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.errors import InvalidTokenError
from accounts.models import Token, User
from accounts.queries import get_token
from registry.api.address import get_address
from registry.limits import spend

_SCHEME = "bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer pp_…` → the token's user and the token."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        """None without the header. Raises `InvalidTokenError`; refusals are rate-limited."""
        header = request.headers.get("Authorization")
        if header is None:
            return None
        try:
            token = get_token(read_bearer(header))
        except InvalidTokenError:
            spend("denied", get_address(request))
            raise
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 answer asks for."""
        return 'Bearer realm="plugport"'


def read_bearer(header: str) -> str:
    """The token's text. Raises `InvalidTokenError` for any other kind of header."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() != _SCHEME or not text.strip():
        raise InvalidTokenError(
            "The Authorization header is not `Bearer <token>`.",
            hint="Send `Authorization: Bearer pp_…`.",
        )
    return text.strip()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the library's base is untyped
    """How the OpenAPI document names the tokens."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """HTTP bearer."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token from your account page, with the scope the call needs.",
        }
