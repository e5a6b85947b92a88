"""Django system checks for mistakes in the settings (`manage.py check`)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from common.system_checks import SETTINGS_TAG
from plugport.spec.errors import PlugportError
from plugport.spec.names import parse_scope
from registry.rate_limits import parse_rate


@register(SETTINGS_TAG)
def check_scopes(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.E001`: an official scope is not a valid scope."""
    messages: list[CheckMessage] = []
    for scope in settings.OFFICIAL_SCOPES:
        try:
            parse_scope(scope)
        except PlugportError as error:
            messages.append(
                Error(
                    error.detail,
                    hint="Set scopes without @, for example PLUGPORT_OFFICIAL_SCOPES=ar,acme.",
                    id="registry.E001",
                )
            )
    return messages


@register(SETTINGS_TAG)
def check_rates(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.E002`: a rate limit cannot be parsed."""
    messages: list[CheckMessage] = []
    for name, text in settings.RATE_LIMITS.items():
        try:
            parse_rate(text)
        except ValueError:
            messages.append(
                Error(
                    f"PLUGPORT_LIMIT_{name.upper()} is `{text}`, which is not a rate limit.",
                    hint="Set a number and a unit, for example `600/minute` or `10000/hour`.",
                    id="registry.E002",
                )
            )
    return messages


@register(SETTINGS_TAG, deploy=True)
def check_shared_limits(**_kwargs: Any) -> list[CheckMessage]:
    """`registry.W001`: without Redis, the machines of a registry count rate limits separately.

    A registry on SQLite has one machine, whose processes share their counts.
    """
    if settings.REDIS_URL or "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        return []
    return [
        CheckWarning(
            "Each machine counts rate limits separately.",
            hint="Set PLUGPORT_REDIS_URL.",
            id="registry.W001",
        )
    ]
