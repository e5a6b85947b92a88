"""The JSON of organizations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.models import (
    Organization,
    OrganizationInvitation,
    OrganizationMember,
    Team,
    TeamMember,
    User,
)
from accounts.policies import MISSING_FACTOR, MISSING_SSO
from accounts.queries.domains import list_proofs
from accounts.queries.paging import RowPage
from common.times import format_time
from plugport.spec.api import organizations as api
from registry.models import TeamRight
from registry.representations.domains import build_proof
from registry.representations.pagination import build_pagination

_MAX_NAMED = 100


def build_organization(organization: Organization) -> api.Organization:
    """Return the public facts of an organization whose owner row is loaded: 1 query."""
    return {
        "name": organization.name,
        "displayName": organization.display_name,
        "description": organization.description,
        "website": organization.website,
        "createdAt": format_time(organization.created_at),
        "proofs": [build_proof(each) for each in list_proofs(organization.owner)],
    }


def build_membership(member: OrganizationMember) -> api.Membership:
    """Return the role of an account in an organization that is loaded."""
    return {
        "organization": member.organization.name,
        "role": member.role,
        "isPublic": member.is_public,
        "needsSecondFactor": member.missing == MISSING_FACTOR,
        "needsSingleSignOn": member.missing == MISSING_SSO,
        "since": format_time(member.created_at),
    }


def build_second_factor_rule(
    organization: Organization, without: Sequence[OrganizationMember]
) -> api.SecondFactorRule:
    """Return whether a second factor is required, and the members without one."""
    return _build_rule(organization, without, is_required=organization.requires_second_factor)


def build_sso_rule(
    organization: Organization, without: Sequence[OrganizationMember]
) -> api.SsoRule:
    """Return whether its single sign-on is required, and the members whom it does not sign in."""
    return _build_rule(organization, without, is_required=organization.sso_only)


def _build_rule(
    organization: Organization, without: Sequence[OrganizationMember], *, is_required: bool
) -> api.SecondFactorRule:
    return {
        "organization": organization.name,
        "required": is_required,
        "without": [each.user.username for each in without[:_MAX_NAMED]],
        "withoutCount": len(without),
    }


def build_person(member: OrganizationMember) -> api.OrganizationMember:
    """Return a member whose account is loaded."""
    return {
        "username": member.user.username,
        "displayName": member.display_name or None,
        "role": member.role,
        "isPublic": member.is_public,
        "since": format_time(member.created_at),
    }


def build_organization_invitation(
    invitation: OrganizationInvitation,
) -> api.OrganizationInvitation:
    """Return an invitation whose organization and accounts are loaded."""
    return {
        "id": invitation.pk,
        "organization": invitation.organization.name,
        "username": None if invitation.user is None else invitation.user.username,
        "email": invitation.email or None,
        "role": invitation.role,
        "invitedBy": invitation.invited_by.username,
        "createdAt": format_time(invitation.created_at),
        "expiresAt": format_time(invitation.expires_at),
    }


def build_team(team: Team, members: RowPage[TeamMember], rights: Iterable[TeamRight]) -> api.Team:
    """Return a team with a page of its members."""
    return {
        "name": team.name,
        "organization": team.organization.name,
        "members": [each.member.user.username for each in members.rows],
        "pagination": build_pagination(members),
        "rights": [{"target": right.target, "role": right.role} for right in rights],
    }


def build_robot(robot: User, organization: Organization) -> api.Robot:
    """Return a robot."""
    return {
        "username": robot.username,
        "organization": organization.name,
        "createdAt": format_time(robot.date_joined),
    }
