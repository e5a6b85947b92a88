"""The identity token of a CI job, for trusted publishing."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from plugport.client.errors import IdentityTokenError
from plugport.client.http import HttpSession
from plugport.client.tokens import Token
from plugport.client.urls import Origin, RegistryUrl
from plugport.environment.variables import (
    GITHUB_REQUEST_TOKEN,
    GITHUB_REQUEST_URL,
    ID_TOKEN,
    find_variable,
)
from plugport.spec.errors import PlugportError


def find_identity_token(registry: RegistryUrl, hide: Callable[[str], None]) -> str | None:
    """The token of this job for the registry; None outside of a CI system that gives one.

    Each secret is passed to `hide`. Raises `IdentityTokenError`.
    """
    # GitLab and others set it themselves, as the job declares.
    if text := find_variable(ID_TOKEN):
        hide(text.strip())
        return text.strip()
    url, secret = find_variable(GITHUB_REQUEST_URL), find_variable(GITHUB_REQUEST_TOKEN)
    if url is None or secret is None:
        return None
    hide(secret)
    value = _request_from_github(registry, url, secret)
    hide(value)
    return value


def _request_from_github(registry: RegistryUrl, url: str, secret: str) -> str:
    """Request a token for this registry, and for no other: another one could replay it."""
    audience = str(registry.origin).partition("://")[2]
    separator = "&" if "?" in url else "?"
    try:
        server = RegistryUrl(str(Origin.of(url)))
        with HttpSession(server, token=Token.parse(secret)) as github:
            document = github.get_json(f"{url}{separator}audience={quote(audience, safe='')}")
    except PlugportError as error:
        raise IdentityTokenError(
            f"GitHub Actions gave this job no identity token: {error}",
            hint="Run the job again, or publish with a token in PLUGPORT_TOKEN.",
        ) from error
    value = document.get("value") if isinstance(document, dict) else None
    if not isinstance(value, str) or not value:
        raise IdentityTokenError("GitHub Actions gave this job no identity token.")
    return value
