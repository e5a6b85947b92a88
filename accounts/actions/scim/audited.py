"""What SCIM writes to the audit log."""

from __future__ import annotations

from accounts.audit.catalog import AuditAction, Severity, register_actions

_NOTABLE, _SENSITIVE = Severity.NOTABLE, Severity.SENSITIVE
_KIND = "organization"
_ACTIONS = (
    AuditAction("scim-token.created", "A SCIM token was created", _KIND, _SENSITIVE),
    AuditAction("scim-token.revoked", "A SCIM token was revoked", _KIND, _NOTABLE),
    AuditAction("scim-user.created", "An identity provider provisioned a person", _KIND, _NOTABLE),
    AuditAction("scim-user.changed", "An identity provider changed a person", _KIND),
    AuditAction("scim-user.closed", "An identity provider deactivated a person", _KIND, _SENSITIVE),
    AuditAction(
        "scim-user.opened", "An identity provider activated a person again", _KIND, _SENSITIVE
    ),
    AuditAction("scim-user.deleted", "An identity provider deleted a person", _KIND, _SENSITIVE),
    AuditAction("scim-group.created", "An identity provider created a group", _KIND),
    AuditAction("scim-group.changed", "An identity provider changed a group", _KIND, _NOTABLE),
    AuditAction("scim-group.deleted", "An identity provider deleted a group", _KIND, _NOTABLE),
    AuditAction(
        "scim-group.mapped",
        "A group of an identity provider got a team or a role",
        _KIND,
        _SENSITIVE,
    ),
)


def register_audited() -> None:
    """Add the acts. Call it from `ready`."""
    register_actions(_ACTIONS)
