"""Any other issuer of OpenID Connect tokens: its claims must have exactly the configured values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts.trusted_publishing.providers.base import (
    Configuration,
    Ids,
    get_text,
    select_facts,
)
from plugport.spec.errors import FieldError

MAX_CLAIMS = 20
MAX_NAME_CHARS = 100
MAX_VALUE_CHARS = 500
# They say for whom and when a token is, or differ in each token. None of them says which job it is.
_UNSPECIFIC = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti", "auth_time", "nonce", "azp"})


class GenericProvider:
    """Trusts every token of the issuer that has the claims."""

    key, label = "oidc", "OpenID Connect"

    def list_errors(self, configuration: Configuration) -> list[FieldError]:
        """At least one claim that tells jobs apart."""
        claims = configuration.claims
        errors = []
        if not set(claims) - _UNSPECIFIC:
            errors.append(
                FieldError(
                    "claims",
                    "At least one claim must say which job is trusted.",
                    allowed="`sub`, …",
                )
            )
        if len(claims) > MAX_CLAIMS:
            errors.append(FieldError("claims", f"At most {MAX_CLAIMS} claims are allowed."))
        for name, value in claims.items():
            if not 0 < len(name) <= MAX_NAME_CHARS or not 0 < len(value) <= MAX_VALUE_CHARS:
                errors.append(
                    FieldError(
                        f"claims.{name[:MAX_NAME_CHARS]}",
                        f"Claims have a name of up to {MAX_NAME_CHARS} characters and a value of up"
                        f" to {MAX_VALUE_CHARS}.",
                    )
                )
        return errors

    def find_ids(self, configuration: Configuration) -> Ids:
        """None: the claims say all."""
        return Ids()

    def check_event(self, claims: Mapping[str, Any]) -> None:
        """Accept: what runs a job is unknown. A claim that says it can be configured."""

    def build_filter(self, claims: Mapping[str, Any]) -> dict[str, str]:
        """All configurations of the issuer."""
        return {}

    def matches(self, configuration: Configuration, claims: Mapping[str, Any]) -> bool:
        """Compare the claims as text, exactly. A list never equals a value."""
        return bool(configuration.claims) and all(
            get_text(claims, name) == value for name, value in configuration.claims.items()
        )

    def read_ids(self, claims: Mapping[str, Any]) -> Ids:
        """None."""
        return Ids()

    def get_code_host(self, issuer: str) -> str:
        """None."""
        return ""

    def read_namespace(self, issuer: str, claims: Mapping[str, Any]) -> str:
        """None."""
        return ""

    def find_namespace_id(self, issuer: str, namespace: str) -> str:
        """None."""
        return ""

    def describe_run(self, issuer: str, claims: Mapping[str, Any]) -> dict[str, str]:
        """The issuer and the subject."""
        return select_facts(issuer=issuer, subject=get_text(claims, "sub"))
