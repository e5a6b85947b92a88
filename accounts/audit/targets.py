"""How the target of an act is named. Apps above this one add their models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model

from accounts.audit.catalog import find_action
from accounts.models import RegisteredIssuer, Token, User

_Model = TypeVar("_Model", bound=Model)
_MAX_NAME_CHARS = 400
_MAX_ID_CHARS = 40


@dataclass(frozen=True, slots=True)
class Target:
    """What an act is about. `container` and `subject_id` as in `AuditEntry`."""

    kind: str
    name: str = ""
    id: str = ""
    container: str = ""
    owner_id: int | None = None
    subject_id: int | None = None


def _describe_user(user: User) -> Target:
    # The name is personal data, and is looked up when the entry is shown.
    return Target("account", id=str(user.pk), subject_id=user.pk)


def _describe_token(token: Token) -> Target:
    return Target("token", token.abbreviation, str(token.pk), subject_id=token.user_id)


def _describe_issuer(issuer: RegisteredIssuer) -> Target:
    return Target("issuer", issuer.url, str(issuer.pk), owner_id=issuer.owner_id)


_describers: dict[type[Model], Callable[[Any], Target]] = {
    User: _describe_user,
    Token: _describe_token,
    RegisteredIssuer: _describe_issuer,
}


def register_target(model: type[_Model], describe: Callable[[_Model], Target]) -> None:
    """Describe the instances of a model with the function. Call it from `ready`."""
    _describers[model] = describe


def describe_target(action: str, target: Model | str, actor: User | None) -> Target:
    """The target of an entry. 1 query for the name of another account than the actor's.

    A text is a name, of the kind that the catalog says. Names are cut to the size of the column.
    """
    if isinstance(target, Model):
        # Also for an account that a request loads when it is needed.
        describe = _describers.get(target.__class__)
        found = describe(target) if describe else _describe_model(target)
    else:
        found = _describe_name(action, target, actor)
    if len(found.name) > _MAX_NAME_CHARS:
        return Target(found.kind, found.name[: _MAX_NAME_CHARS - 1] + "…", found.id)
    return found


def _describe_model(target: Model) -> Target:
    name = type(target).__name__.lower()[:_MAX_ID_CHARS]
    return Target(name, str(target), str(target.pk)[:_MAX_ID_CHARS])


def _describe_name(action: str, name: str, actor: User | None) -> Target:
    known = find_action(action)
    kind = known.target_kind if known else ""
    if kind != "account" or not name:
        return Target(kind, name)
    if actor is not None and actor.username == name:
        return _describe_user(actor)
    user = User.objects.filter(username=name).only("pk").first()
    return _describe_user(user) if user else Target(kind, name)
