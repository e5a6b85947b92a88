"""Django system checks: what an operator can get wrong, said at start-up (`manage.py check`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from plugport.spec.errors import PlugportError
from plugport.spec.names import parse_scope
from registry.limits import parse_rate


@register()
def check_scopes(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.E001`: every official scope must be a scope."""
    found: list[CheckMessage] = []
    for scope in settings.OFFICIAL_SCOPES:
        try:
            parse_scope(scope)
        except PlugportError as error:
            found.append(
                Error(error.detail, hint="PLUGPORT_OFFICIAL_SCOPES=ar,acme", id="registry.E001")
            )
    return found


@register()
def check_rates(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.E002`: every rate limit must be readable."""
    found: list[CheckMessage] = []
    for name, text in settings.RATE_LIMITS.items():
        try:
            parse_rate(text)
        except ValueError:
            found.append(
                Error(
                    f"PLUGPORT_LIMIT_{name.upper()} is `{text}`",
                    hint="A count and a unit: `600/minute`, `10000/hour`.",
                    id="registry.E002",
                )
            )
    return found


@register(deploy=True)
def check_shared_limits(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.W001`: without Redis every process counts by itself."""
    if settings.REDIS_URL:
        return []
    return [
        CheckWarning(
            "Rate limits are counted by each process on its own.",
            hint="Set PLUGPORT_REDIS_URL.",
            id="registry.W001",
        )
    ]
