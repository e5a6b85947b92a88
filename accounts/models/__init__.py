"""The models of the app, one module each."""

from accounts.models.audit import (
    ActorKind,
    AuditCheckpoint,
    AuditEntry,
    AuditForwarding,
    AuditIdentity,
    AuditPending,
    AuditSeal,
)
from accounts.models.device_login import DeviceLogin
from accounts.models.domain import OwnerDomain
from accounts.models.identity import IssuerKeys, MintedToken, RegisteredIssuer, UsedAssertion
from accounts.models.mail_domain import LapsedAddress, MailDomain
from accounts.models.organization import (
    Organization,
    OrganizationInvitation,
    OrganizationMember,
    OrganizationRole,
    Team,
    TeamMember,
)
from accounts.models.owner import Owner
from accounts.models.reserved_prefix import GrandfatheredName, ReservedPrefix
from accounts.models.scim import ScimFailure, ScimGroup, ScimGroupMember, ScimToken, ScimUser
from accounts.models.session import AccountSession
from accounts.models.sso import (
    BreakGlassAccount,
    SsoAnswer,
    SsoConnection,
    SsoFailure,
    SsoGroupMember,
    SsoGroupRule,
    SsoIdentity,
    SsoSession,
)
from accounts.models.token import Token
from accounts.models.user import GROUP_FIELDS, AccountGroup, Suspension, User

__all__ = [
    "GROUP_FIELDS",
    "AccountGroup",
    "AccountSession",
    "ActorKind",
    "AuditCheckpoint",
    "AuditEntry",
    "AuditForwarding",
    "AuditIdentity",
    "AuditPending",
    "AuditSeal",
    "BreakGlassAccount",
    "DeviceLogin",
    "GrandfatheredName",
    "IssuerKeys",
    "LapsedAddress",
    "MailDomain",
    "MintedToken",
    "Organization",
    "OrganizationInvitation",
    "OrganizationMember",
    "OrganizationRole",
    "Owner",
    "OwnerDomain",
    "RegisteredIssuer",
    "ReservedPrefix",
    "ScimFailure",
    "ScimGroup",
    "ScimGroupMember",
    "ScimToken",
    "ScimUser",
    "SsoAnswer",
    "SsoConnection",
    "SsoFailure",
    "SsoGroupMember",
    "SsoGroupRule",
    "SsoIdentity",
    "SsoSession",
    "Suspension",
    "Team",
    "TeamMember",
    "Token",
    "UsedAssertion",
    "User",
]
