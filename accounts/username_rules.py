"""Rules for user names. Every account owns the scope of its name, so scope rules apply (PKG-1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError

from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName, check_reserved, list_prefix_keys, parse_scope

_STAFF_NAMES = frozenset({"admin", "moderator"})
# Filled by `ready` of the apps, before the first request.
username_checks: list[Callable[[str], None]] = []


def register_username_check(check: Callable[[str], None]) -> None:
    """Add a check for new user names, which raises `ValidationError`. Call it from `ready`.

    Apps above this one use it: accounts cannot import the tables with which a name may collide.
    """
    if check not in username_checks:
        username_checks.append(check)


def check_username(value: str) -> None:
    """Raise `ValidationError` unless the value can be a scope and is not reserved.

    Staff names are allowed: a command creates those accounts, and it also runs the validators of
    the model.
    """
    try:
        parse_scope(value)
        if value not in _STAFF_NAMES:
            check_reserved(PluginName(None, value))
    except PlugportError as error:
        raise ValidationError(error.detail, code=error.code) from None


def check_new_username(value: str) -> None:
    """As `check_username`, but staff names are reserved too: for sign-up."""
    check_username(value)
    if value in _STAFF_NAMES:
        raise ValidationError(f"`{value}` is reserved.", code="reserved-name")


def check_username_is_free(value: str) -> None:
    """Raise `ValidationError` if the name is, or looks like, another account, an organization or a name of an app.

    The comparison covers accounts that have published nothing: they own their scope already. Whether an
    account has exactly this name is another check, with a message of its own.
    """
    # Not atomic with the sign-up, so `create_account` checks again.
    _check_names(value, _list_twins(value).exclude(user__username=value))


def check_new_account_is_free(value: str) -> None:
    """As `check_username_is_free`, and that no account has the name: 2 queries. At its creation."""
    _check_names(value, _list_twins(value))


def _list_twins(value: str) -> Any:
    # By name: the models import this module.
    owners: Any = apps.get_model("accounts", "Owner")
    return owners.objects.filter(collision_key=PluginName(None, value).collision_key)


def _check_names(value: str, twins: Any) -> None:
    for check in username_checks:
        check(value)
    twin = twins.first()
    if twin is not None:
        what = "account" if twin.kind == "person" else "organization"
        if twin.name == value and what == "account":
            raise ValidationError("That user name is taken.", code="name-taken")
        raise ValidationError(
            f"`{value}` is too similar to the {what} `{twin}`."
            if twin.name != value
            else f"An {what} has the name `{value}`.",
            code="name-taken",
        )


def check_username_has_free_prefix(value: str) -> None:
    """Raise `ValidationError` if the name has a reserved prefix: a new account owns none. 1 query."""
    # By name: the models import this module.
    prefixes: Any = apps.get_model("accounts", "ReservedPrefix")
    found = prefixes.objects.filter(key__in=list_prefix_keys(value)).order_by("key").last()
    if found is not None:
        raise ValidationError(
            f"`{value}` has the prefix `{found}`, which is reserved.", code="reserved-prefix"
        )


# Named by the setting ACCOUNT_USERNAME_VALIDATORS.
USERNAME_VALIDATORS = [check_new_username, check_username_is_free, check_username_has_free_prefix]
