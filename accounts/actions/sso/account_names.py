"""The user name of an account that an identity provider causes to be created."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator

from django.core.exceptions import ValidationError

from accounts.actions.create_account import create_account
from accounts.models import ActorKind, Organization, User
from accounts.models.owner import OWNER_NAME_CHARS
from accounts.sso.errors import SsoRefusedError
from accounts.username_rules import check_new_username

_MAX_BASE_CHARS = 32


def create_named_account(
    user: User,
    names: Iterable[str],
    *,
    organization: Organization | None = None,
    actor: ActorKind | None = None,
) -> None:
    """Save the new account under the first free name that follows from `names`.

    A name that is taken stays with its account. The provider of an organization gives names that end
    with that of the organization: it must not take those that others want. `actor` None means the
    account itself. Raises `SsoRefusedError` if no name was free.
    """
    for name in _iter_names(names, "" if organization is None else f"-{organization.name}"):
        user.username = name
        try:
            check_new_username(name)
            create_account(user, actor=actor)
        except ValidationError:
            continue
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
