"""What acts about organizations write to the audit log: their codes, and how organizations are named."""

from __future__ import annotations

from accounts.audit.catalog import AuditAction, Severity, register_actions
from accounts.audit.targets import Target, register_target
from accounts.models import Organization, SsoConnection

_NOTABLE, _SENSITIVE = Severity.NOTABLE, Severity.SENSITIVE
_KIND = "organization"
_ACTIONS = (
    AuditAction("organization.created", "An organization was created", _KIND, _NOTABLE),
    AuditAction("organization.edited", "The texts of an organization were edited", _KIND),
    AuditAction(
        "organization.second-factor-required",
        "An organization requires a second factor of its members",
        _KIND,
        _SENSITIVE,
    ),
    AuditAction(
        "organization.second-factor-optional",
        "An organization requires no second factor any longer",
        _KIND,
        _SENSITIVE,
    ),
    AuditAction(
        "organization.sso-required",
        "An organization requires its single sign-on",
        _KIND,
        _SENSITIVE,
    ),
    AuditAction(
        "organization.sso-optional",
        "An organization requires its single sign-on no longer",
        _KIND,
        _SENSITIVE,
    ),
    AuditAction("organization.deleted", "An organization was deleted", _KIND, _SENSITIVE),
    AuditAction("organization.invited", "A person was invited to an organization", _KIND, _NOTABLE),
    AuditAction(
        "organization.invitation-withdrawn", "An invitation to an organization was withdrawn", _KIND
    ),
    AuditAction(
        "organization.invitation-declined",
        "A person declined an invitation to an organization",
        _KIND,
    ),
    AuditAction("organization.joined", "A person joined an organization", _KIND, _SENSITIVE),
    AuditAction("organization.left", "A member left an organization", _KIND, _NOTABLE),
    AuditAction(
        "organization.removed", "A member was removed from an organization", _KIND, _SENSITIVE
    ),
    AuditAction(
        "organization.groups-applied",
        "Groups of an identity provider changed the rights of a member",
        _KIND,
        _SENSITIVE,
    ),
    AuditAction(
        "organization.role-changed",
        "A member of an organization got another role",
        _KIND,
        _SENSITIVE,
    ),
    AuditAction("organization.membership-shown", "A member is shown on the profile", _KIND),
    AuditAction(
        "organization.membership-hidden", "A member is no longer shown on the profile", _KIND
    ),
    AuditAction("team.created", "A team was created", _KIND),
    AuditAction("team.deleted", "A team was deleted", _KIND, _NOTABLE),
    AuditAction("team.member-added", "A person was added to a team", _KIND, _SENSITIVE),
    AuditAction("team.member-removed", "A person was taken out of a team", _KIND, _NOTABLE),
    AuditAction("team.right-given", "A team got a right", _KIND, _SENSITIVE),
    AuditAction("team.right-removed", "A right of a team was taken away", _KIND, _NOTABLE),
    AuditAction("robot.created", "A robot was created", _KIND, _SENSITIVE),
    AuditAction("robot.token-created", "A robot got a token", _KIND, _SENSITIVE),
    AuditAction("robot.deleted", "A robot was deleted", _KIND, _NOTABLE),
)


def build_container(organization_id: int) -> str:
    """The container of entries about an organization."""
    return f"organization:{organization_id}"


def _describe_organization(organization: Organization) -> Target:
    owner = organization.owner
    return Target(
        _KIND,
        owner.name,
        str(organization.pk),
        build_container(organization.pk),
        owner_id=owner.pk,
    )


def _describe_connection(connection: SsoConnection) -> Target:
    organization = connection.organization
    return Target(
        "sso-connection",
        connection.public_id,
        container="" if organization is None else build_container(organization.pk),
        owner_id=connection.owner_id,
    )


def register_audited() -> None:
    """Add the acts and the targets. Call it from `ready`."""
    register_actions(_ACTIONS)
    register_target(SsoConnection, _describe_connection)
    register_target(Organization, _describe_organization)
