"""What a new token shall be: parsed and normalized, with all invalid fields reported at once."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from django.utils import timezone

from accounts.errors import TokenNetworkError, TokenRequestError
from accounts.models import User
from accounts.models.token import DEFAULT_LIFETIME, MAX_LIFETIME, MAX_LIMITS, SCOPES
from accounts.policies import can_have_admin_tokens
from plugport.spec.api.values import ORGANIZATION_LIMIT
from plugport.spec.errors import FieldError, PlugportError
from plugport.spec.names import PluginName, parse_scope
from plugport.spec.text import quote_text

MAX_NAME_CHARS = 100
DEFAULT_DAYS = DEFAULT_LIFETIME.days
MAX_DAYS = MAX_LIFETIME.days


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A valid request: normalized, in a fixed order and without duplicates."""

    name: str
    scopes: list[str]
    limits: list[str]
    networks: list[str]
    expires_at: dt.datetime


def parse_token_request(
    *,
    actor: User,
    name: str,
    scopes: Collection[str],
    limits: Collection[str],
    networks: Collection[str],
    days: int,
) -> TokenRequest:
    """Return the request. Raises `TokenRequestError` with all invalid fields.

    No query, 1 with limits to organizations.
    """
    errors: list[FieldError] = []
    if not name.strip() or len(name) > MAX_NAME_CHARS:
        errors.append(FieldError("name", f"The name must have 1 to {MAX_NAME_CHARS} characters."))
    errors += _list_scope_errors(actor, scopes)
    parsed_limits = _parse_each("limits", limits, parse_limit, errors)
    errors += _list_organization_errors(actor, parsed_limits)
    parsed_networks = _parse_each("networks", networks, parse_token_network, errors)
    if not 1 <= days <= MAX_DAYS:
        errors.append(
            FieldError("days", f"The number of days must be 1 to {MAX_DAYS}.", found=str(days)[:20])
        )
    if errors:
        raise TokenRequestError("The token cannot be created.", fields=errors)
    return TokenRequest(
        name=name.strip(),
        scopes=[scope for scope in SCOPES if scope in set(scopes)],
        limits=parsed_limits,
        networks=parsed_networks,
        expires_at=timezone.now() + dt.timedelta(days=days),
    )


def _list_scope_errors(actor: User, scopes: Collection[str]) -> Iterable[FieldError]:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        names = ", ".join(map(quote_text, unknown))[:100] or "none"
        detail = f"Unknown scopes: {names}." if unknown else "At least one scope is required."
        yield FieldError("scopes", detail, found=names, allowed=", ".join(SCOPES))
    if "admin" in scopes and not can_have_admin_tokens(actor):
        yield FieldError("scopes", "Only moderators and operators may have the scope `admin`.")


def _list_organization_errors(actor: User, limits: Iterable[str]) -> Iterable[FieldError]:
    names = {
        limit.removeprefix(ORGANIZATION_LIMIT)
        for limit in limits
        if limit.startswith(ORGANIZATION_LIMIT)
    }
    if not names:
        return
    rows = actor.organization_memberships.filter(organization__owner__name__in=names)
    own = set(rows.values_list("organization__owner__name", flat=True))
    for name in sorted(names - own):
        detail = f"`{actor.username}` is not a member of an organization {quote_text(name)}."
        yield FieldError("limits", detail)


def _parse_each(
    field: str, texts: Collection[str], parse: Callable[[str], str], errors: list[FieldError]
) -> list[str]:
    """The parsed texts without duplicates; adds an error for each that is not valid."""
    if len(texts) > MAX_LIMITS:
        errors.append(
            FieldError(
                field, "There are too many values.", found=str(len(texts)), allowed=str(MAX_LIMITS)
            )
        )
        return []
    parsed = []
    for text in texts:
        try:
            parsed.append(parse(text))
        except PlugportError as error:
            errors.append(FieldError(field, error.detail, code=error.code))
    return list(dict.fromkeys(parsed))


def parse_limit(text: str) -> str:
    """Normalize a plugin, scope or organization that a token is limited to. Raises a `PlugportError`."""
    if text.startswith(ORGANIZATION_LIMIT):
        return f"{ORGANIZATION_LIMIT}{parse_scope(text.removeprefix(ORGANIZATION_LIMIT))}"
    if text.startswith("@") and "/" not in text:
        return f"@{parse_scope(text[1:])}"
    return str(PluginName.parse(text))


def parse_token_network(text: str) -> str:
    """Normalize an address or a network in CIDR notation. Raises `TokenNetworkError`."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise TokenNetworkError(
            f"{quote_text(text)} is not a network. Write an address or a network in CIDR notation,"
            " such as `192.0.2.0/24` or `2001:db8::/32`."
        ) from None
    if network.prefixlen == 0:
        raise TokenNetworkError(
            f"{quote_text(text)} contains every address. Leave the networks empty to allow all."
        )
    # Addresses of clients are compared as IPv4 then.
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
        raise TokenNetworkError(
            f"{quote_text(text)} is IPv4 within IPv6. Write the IPv4 network, such as `192.0.2.0/24`."
        )
    # The zone of an address is a name on one machine.
    if "%" in str(network):
        raise TokenNetworkError(f"{quote_text(text)} has a zone. Write the network without `%`.")
    return str(network)
