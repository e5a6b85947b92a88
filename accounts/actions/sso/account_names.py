"""The user name of an account that an identity provider causes to be created."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import nullcontext

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.actions.create_account import claim_username
from accounts.models import Organization, User
from accounts.models.owner import OWNER_NAME_CHARS
from accounts.sso.errors import SsoRefusedError
from accounts.username_rules import check_new_username

_MAX_BASE_CHARS = 32


def give_free_name(
    user: User, names: Iterable[str], *, organization: Organization | None = None
) -> None:
    """Give the new account the first free name that follows from `names`; the caller saves it.

    Call it in the transaction that creates the account, with the organization locked. A name that is taken
    stays with its account. The provider of an organization gives names that end
    with that of the organization: it must not take those that others want. Raises `SsoRefusedError` if no name was free.
    """
    for name in _iter_names(names, "" if organization is None else f"-{organization.name}"):
        try:
            check_new_username(name)
            # The lock of a name that is taken must not stay: two transactions could wait for each other.
            # Names of an organization are tried by one transaction at a time.
            with transaction.atomic() if organization is None else nullcontext():
                claim_username(name)
        except ValidationError:
            continue
        user.username = name
        return
    raise SsoRefusedError("no-name", "No user name could be found for the person.")


def _iter_names(names: Iterable[str], suffix: str) -> Iterator[str]:
    """User names in the order in which they are tried; the last ones are free by all likelihood."""
    # A number, or random digits, come between.
    space = max(OWNER_NAME_CHARS - len(suffix) - 7, 1)
    simple = (_simplify(name)[:space].strip("-") for name in names)
    bases = list(dict.fromkeys(filter(None, simple)))[:3]
    yield from (f"{base}{suffix}" for base in bases)
    for base in bases:
        yield from (f"{base}-{number}{suffix}" for number in range(2, 6))
    for base in [*bases[:1], "user"[:space]]:
        yield from (f"{base}-{secrets.token_hex(3)}{suffix}" for _ in range(3))


def _simplify(text: str) -> str:
    """The part before `@` in the alphabet of user names, maybe empty."""
    local = text.partition("@")[0].lower()
    return re.sub(r"[^a-z0-9]+", "-", local).strip("-")[:_MAX_BASE_CHARS].strip("-")
