"""The codes of all acts. Codes are stored forever and never change their meaning.

Each app has the list of its own acts and registers it in `ready`. `docs/audit.md` lists all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How much attention an act deserves, on the scale of CEF from 0 to 10."""

    ROUTINE = 3
    NOTABLE = 5
    SENSITIVE = 7


@dataclass(frozen=True, slots=True)
class AuditAction:
    """An act: its code, what it says in one line, and the kind of its target."""

    code: str
    title: str
    target_kind: str
    severity: Severity = Severity.ROUTINE


_actions: dict[str, AuditAction] = {}


def register_actions(actions: Iterable[AuditAction]) -> None:
    """Add acts. Call it from `ready`. Raises `ValueError` if another act has the code."""
    for action in actions:
        if _actions.setdefault(action.code, action) != action:
            raise ValueError(f"two acts have the code {action.code!r}")


def find_action(code: str) -> AuditAction | None:
    """The act with the code."""
    return _actions.get(code)


def list_actions() -> list[AuditAction]:
    """All acts by code."""
    return sorted(_actions.values(), key=lambda action: action.code)


_ROUTINE, _NOTABLE, _SENSITIVE = Severity.ROUTINE, Severity.NOTABLE, Severity.SENSITIVE
ACCOUNT_ACTIONS = (
    AuditAction("account.created", "An account was created", "account", _NOTABLE),
    AuditAction("account.edited", "An operator changed an account", "account", _SENSITIVE),
    AuditAction("account.deleted", "An account was deleted", "account", _SENSITIVE),
    AuditAction(
        "account.erased", "Names and addresses of an account were erased", "account", _SENSITIVE
    ),
    AuditAction(
        "account.created-by-operator", "An operator created an account", "account", _SENSITIVE
    ),
    AuditAction("account.suspended", "An account was suspended", "account", _SENSITIVE),
    AuditAction(
        "account.suspension-lifted", "The suspension of an account ended", "account", _SENSITIVE
    ),
    AuditAction(
        "account.groups-changed", "The groups of an account were changed", "account", _SENSITIVE
    ),
    AuditAction("sign-in.succeeded", "Signed in", "account", _ROUTINE),
    AuditAction("sign-in.failed", "A sign-in failed", "account", _NOTABLE),
    AuditAction("sign-in.ended", "Signed out", "account", _ROUTINE),
    AuditAction("email.changed", "The email address was changed", "account", _SENSITIVE),
    AuditAction(
        "email.change-undone", "The former email address was restored", "account", _SENSITIVE
    ),
    AuditAction("email.verified", "The email address was verified", "account", _NOTABLE),
    AuditAction("email.lapsed", "The domain of the address is gone", "account", _SENSITIVE),
    AuditAction("password.changed", "The password was changed", "account", _SENSITIVE),
    AuditAction("factor.added", "A second factor was added", "account", _SENSITIVE),
    AuditAction("factor.renamed", "A passkey was renamed", "account", _ROUTINE),
    AuditAction("factor.removed", "A second factor was removed", "account", _SENSITIVE),
    AuditAction("factors.removed", "All second factors were removed", "account", _SENSITIVE),
    AuditAction("recovery-code.used", "A recovery code was used", "account", _NOTABLE),
    AuditAction("recovery-codes.replaced", "Recovery codes were replaced", "account", _SENSITIVE),
    AuditAction("site.linked", "Sign-in with a website was linked", "account", _SENSITIVE),
    AuditAction("site.unlinked", "Sign-in with a website was unlinked", "account", _SENSITIVE),
    AuditAction("session.ended", "A session was ended", "account", _NOTABLE),
    AuditAction("sessions.ended", "All sessions were ended", "account", _SENSITIVE),
    AuditAction("sso.signed-in", "Signed in with single sign-on", "account", _ROUTINE),
    AuditAction("sso.account-created", "Single sign-on created an account", "account", _SENSITIVE),
    AuditAction(
        "sso.rights-changed", "Groups of an identity provider changed rights", "account", _SENSITIVE
    ),
    AuditAction("sso.linked", "An identity provider was linked", "account", _SENSITIVE),
    AuditAction("sso.unlinked", "A link to an identity provider ended", "account", _SENSITIVE),
    AuditAction(
        "sso.signed-out-by-provider", "An identity provider ended a session", "account", _ROUTINE
    ),
    AuditAction("sso.session-ended", "A session of single sign-on ended", "account", _NOTABLE),
    AuditAction("sso.break-glass-set", "An operator may use a password", "account", _SENSITIVE),
    AuditAction(
        "sso.break-glass-removed", "An operator may no longer use a password", "account", _SENSITIVE
    ),
    AuditAction(
        "sso.connection-created", "An identity provider was added", "sso-connection", _SENSITIVE
    ),
    AuditAction(
        "sso.connection-changed", "An identity provider was changed", "sso-connection", _SENSITIVE
    ),
    AuditAction(
        "sso.connection-tested", "An identity provider was tested", "sso-connection", _NOTABLE
    ),
    AuditAction(
        "sso.connection-enabled",
        "An identity provider was switched on",
        "sso-connection",
        _SENSITIVE,
    ),
    AuditAction(
        "sso.connection-disabled",
        "An identity provider was switched off",
        "sso-connection",
        _SENSITIVE,
    ),
    AuditAction(
        "sso.connection-deleted", "An identity provider was removed", "sso-connection", _SENSITIVE
    ),
    AuditAction("sso.rule-added", "A rule for a group was added", "sso-connection", _SENSITIVE),
    AuditAction("sso.rule-removed", "A rule for a group was removed", "sso-connection", _SENSITIVE),
    AuditAction(
        "device-login.approved", "The sign-in of a program was approved", "account", _SENSITIVE
    ),
    AuditAction(
        "device-login.denied", "The sign-in of a program was refused", "account", _SENSITIVE
    ),
    AuditAction("token.created", "A token was created", "token", _SENSITIVE),
    AuditAction("token.revoked", "A token was revoked", "token", _NOTABLE),
    AuditAction("token.minted", "A CI job got a token for a moment", "token", _NOTABLE),
    AuditAction(
        "issuer.registered", "An issuer of identity tokens was registered", "issuer", _SENSITIVE
    ),
    AuditAction("issuer.removed", "An issuer of identity tokens was removed", "issuer", _SENSITIVE),
    AuditAction("audit.exported", "The audit log was exported", "log", _SENSITIVE),
    AuditAction(
        "registry.restored", "The registry was restored from a backup", "registry", _SENSITIVE
    ),
    AuditAction("admin.changed", "A row was changed in the admin", "row", _SENSITIVE),
)
register_actions(ACCOUNT_ACTIONS)
