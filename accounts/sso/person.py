"""What a verified answer of an identity provider says about a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import OwnerDomain, SsoConnection
from accounts.models.sso import SUBJECT_CHARS
from accounts.sso.errors import SsoRefusedError

MAX_GROUPS = 500
_MAX_TEXT = 254


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `subject` never changes; everything else may.

    `names` are suggestions for a user name, the best first. `email` is empty unless it is verified.
    `session` and `name_id` are what the provider calls the session and the person when it ends them.
    `logout_hint` is the ID token. With `has_unknown_groups`, the provider says that there are too many
    groups to send.
    """

    subject: str
    email: str = ""
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    session: str = ""
    name_id: str = ""
    name_id_format: str = ""
    logout_hint: str = ""
    has_unknown_groups: bool = False

    def as_json(self) -> dict[str, Any]:
        """JSON-ready values for `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The person of `as_json`."""
        lists = {name: tuple(values[name]) for name in ("names", "groups")}
        return cls(**{**values, **lists})


def require_subject(value: object) -> str:
    """Return the subject. Raises `SsoRefusedError`."""
    if not isinstance(value, str) or not value.strip():
        raise SsoRefusedError("no-subject", "The answer does not say who the person is.")
    if len(value) > SUBJECT_CHARS:
        raise SsoRefusedError(
            "too-large", f"The subject has {len(value)} characters; {SUBJECT_CHARS} are allowed."
        )
    return value


def select_email(connection: SsoConnection, value: object, *, is_verified: bool) -> str:
    """The address if the provider verified it, or the domain is one that it speaks for; else empty.

    At most 1 query.
    """
    if not isinstance(value, str) or len(value) > _MAX_TEXT or value.count("@") != 1:
        return ""
    local, _, domain = value.strip().partition("@")
    try:
        validate_email(f"{local}@{domain}")
    except ValidationError:
        # No mail could be sent to it.
        return ""
    is_own = domain.lower() in connection.email_domains
    if connection.owner is not None:
        # Its owners decide what it says, so only their own domains count, as long as they are proven.
        is_verified = False
        proven = OwnerDomain.objects.filter(owner=connection.owner, verified_at__isnull=False)
        is_own = is_own and proven.filter(domain=domain.lower()).exists()
    return f"{local}@{domain.lower()}" if local and domain and (is_verified or is_own) else ""


def select_texts(values: object) -> tuple[str, ...]:
    """The texts of a list, or of one text. Raises `SsoRefusedError` for more than `MAX_GROUPS`."""
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, list):
        return ()
    if len(values) > MAX_GROUPS:
        raise SsoRefusedError(
            "too-large", f"The answer has {len(values)} groups; {MAX_GROUPS} are allowed."
        )
    return tuple(text for text in values if isinstance(text, str) and 0 < len(text) <= _MAX_TEXT)
