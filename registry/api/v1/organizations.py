"""`/organizations` and `/me/organizations`: organizations, their members and invitations."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.actions.delete_organization import delete_organization
from accounts.actions.organizations.invitations import (
    accept_organization_invitation,
    decline_organization_invitation,
    invite_person,
    withdraw_organization_invitation,
)
from accounts.actions.organizations.organization import create_organization, edit_organization
from accounts.actions.organizations.people import (
    change_person_role,
    remove_person,
    show_membership,
)
from accounts.actions.organizations.second_factors import require_second_factor
from accounts.actions.organizations.single_sign_on import require_single_sign_on
from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.models import Organization, OrganizationRole, Token, User
from accounts.policies import (
    OrganizationRight,
    check_organization_right,
    check_token_is_for_organization,
    check_token_is_unlimited,
    check_token_may,
    find_missing,
    is_token_for_organization,
)
from accounts.queries.organizations import (
    get_organization,
    get_people,
    list_memberships,
    list_organization_invitations,
    list_own_organization_invitations,
    list_unlinked,
    list_unprotected,
)
from common.api.conditional import PRIVATE, REVALIDATE, respond_json
from plugport.spec.api import organizations as api
from plugport.spec.api.validation import validate_body
from plugport.spec.errors import PlugportError
from registry.api.v1.parameters import (
    INVITATION_ID,
    ORGANIZATION,
    PEOPLE_PAGING,
    PEOPLE_SEARCH,
    USERNAME,
    get_people_page,
    get_text_parameter,
)
from registry.representations.organizations import (
    build_membership,
    build_organization,
    build_organization_invitation,
    build_person,
    build_second_factor_rule,
    build_sso_rule,
)
from registry.representations.pagination import build_pagination

_CONFIRMATION = OpenApiParameter(
    "confirmation",
    {"type": "string", "minLength": 1, "maxLength": 100},
    required=True,
    description="The name of the organization again, as a person typed it.",
)
_TEXTS = {"displayName": "display_name", "description": "description", "website": "website"}


def get_organization_actor(request: Request, organization: str, *scopes: str) -> User:
    """The caller, whose token has one of the scopes (`manage`), and is valid for the organization.

    Raises `TokenRequiredError` and `TokenScopeError`.
    """
    actor = get_actor(request, *(scopes or ("manage",)))
    check_token_is_for_organization(get_request_token(request), organization)
    return actor


def get_readable_organization(
    request: Request, name: str, right: OrganizationRight
) -> Organization:
    """The organization, for a caller who has the right in it and a token that reads or manages.

    Raises as `get_organization_actor`, `get_organization` and `check_organization_right`.
    """
    actor = get_organization_actor(request, name, "read", "manage")
    organization = get_organization(name)
    check_organization_right(actor, organization, right)
    return organization


def _get_unlimited_actor(request: Request, *scopes: str) -> User:
    """The caller, for what concerns no organization, or all."""
    actor = get_actor(request, *(scopes or ("manage",)))
    check_token_is_unlimited(get_request_token(request))
    return actor


class OrganizationsView(ApiView):
    """All organizations."""

    @extend_schema(
        operation_id="createOrganization",
        request=api.OrganizationBody,
        responses={201: api.Organization},
    )
    def post(self, request: Request) -> HttpResponse:
        """Create an organization, with the account of the token as its owner. Requires `manage`."""
        actor = _get_unlimited_actor(request)
        body = validate_body(api.OrganizationBody, request.data)
        organization = create_organization(
            actor=actor, name=body["name"], display_name=body.get("displayName", "")
        )
        document = build_organization(organization)
        return respond_json(request, document, cache=PRIVATE, status=201)


class OrganizationView(ApiView):
    """One organization."""

    @extend_schema(
        operation_id="getOrganization", parameters=[ORGANIZATION], responses=api.Organization
    )
    def get(self, request: Request, organization: str) -> HttpResponse:
        """Get the public texts of an organization."""
        document = build_organization(get_organization(organization))
        return respond_json(request, document, cache=REVALIDATE)

    @extend_schema(
        operation_id="editOrganization",
        parameters=[ORGANIZATION],
        request=api.OrganizationEditBody,
        responses=api.Organization,
    )
    def patch(self, request: Request, organization: str) -> HttpResponse:
        """Change the public texts of an organization. For its owners; requires `manage`."""
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        body = validate_body(api.OrganizationEditBody, request.data)
        changes = {_TEXTS[name]: str(text) for name, text in body.items()}
        edited = edit_organization(actor=actor, organization=found, **changes)
        return respond_json(request, build_organization(edited), cache=PRIVATE)

    @extend_schema(
        operation_id="deleteOrganization",
        parameters=[ORGANIZATION, _CONFIRMATION],
        responses=api.DeletedOrganization,
    )
    def delete(self, request: Request, organization: str) -> HttpResponse:
        """Delete an organization that owns no plugins. For its owners; requires `manage`.

        Nobody gets the name again.
        """
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        # Not in a body, which has no meaning in such a request (RFC 9110, section 9.3.5).
        confirmation = get_text_parameter(request.GET, "confirmation")
        delete_organization(actor=actor, organization=found, confirmation=confirmation)
        document: api.DeletedOrganization = {"organization": found.name, "deleted": True}
        return respond_json(request, document, cache=PRIVATE)


class SecondFactorView(ApiView):
    """Whether an organization requires a second factor."""

    @extend_schema(
        operation_id="getSecondFactorRule",
        parameters=[ORGANIZATION],
        responses=api.SecondFactorRule,
    )
    def get(self, request: Request, organization: str) -> HttpResponse:
        """Get the rule, and the members who have no rights while it is on. For owners.

        Requires `read` or `manage`.
        """
        found = get_readable_organization(request, organization, OrganizationRight.MANAGE_OWNERS)
        document = build_second_factor_rule(found, list_unprotected(found))
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(
        operation_id="setSecondFactorRule",
        parameters=[ORGANIZATION],
        request=api.SecondFactorBody,
        responses=api.SecondFactorRule,
    )
    def put(self, request: Request, organization: str) -> HttpResponse:
        """Require a second factor of the members, or no longer. For owners; requires `manage`.

        Members without one lose all rights that the organization gives, until they add one.
        """
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        body = validate_body(api.SecondFactorBody, request.data)
        changed = require_second_factor(
            actor=actor, organization=found, is_required=body["required"]
        )
        document = build_second_factor_rule(changed, list_unprotected(changed))
        return respond_json(request, document, cache=PRIVATE)


class SsoRuleView(ApiView):
    """Whether an organization requires its single sign-on."""

    @extend_schema(operation_id="getSsoRule", parameters=[ORGANIZATION], responses=api.SsoRule)
    def get(self, request: Request, organization: str) -> HttpResponse:
        """Get the rule, and the members whom the single sign-on does not sign in. For owners.

        Requires `read` or `manage`.
        """
        found = get_readable_organization(request, organization, OrganizationRight.MANAGE_OWNERS)
        document = build_sso_rule(found, list_unlinked(found))
        return respond_json(request, document, cache=PRIVATE)

    @extend_schema(
        operation_id="setSsoRule",
        parameters=[ORGANIZATION],
        request=api.SsoRuleBody,
        responses=api.SsoRule,
    )
    def put(self, request: Request, organization: str) -> HttpResponse:
        """Require the single sign-on of the organization, or no longer. For owners; requires `manage`.

        Tokens of people then have no rights in the organization, this one included.
        """
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        body = validate_body(api.SsoRuleBody, request.data)
        changed = require_single_sign_on(
            actor=actor, organization=found, is_required=body["required"]
        )
        document = build_sso_rule(changed, list_unlinked(changed))
        return respond_json(request, document, cache=PRIVATE)


class PeopleView(ApiView):
    """The members of an organization."""

    @extend_schema(
        operation_id="listOrganizationMembers",
        parameters=[ORGANIZATION, PEOPLE_SEARCH, *PEOPLE_PAGING],
        responses=api.OrganizationMemberList,
    )
    def get(self, request: Request, organization: str) -> HttpResponse:
        """List the members: all for members, for others those that chose to be shown.

        Members use a token with `read` or `manage`.
        """
        number, limit = get_people_page(request.GET)
        people = get_people(
            get_organization(organization),
            viewer=_find_viewer(request, organization),
            text=get_text_parameter(request.GET, "q"),
            number=number,
            limit=limit,
        )
        invitations = None
        if OrganizationRight.MANAGE_PEOPLE in people.rights:
            rows = list_organization_invitations(people.organization)
            invitations = [build_organization_invitation(row) for row in rows]
        document: api.OrganizationMemberList = {
            "name": people.organization.name,
            "members": [build_person(member) for member in people.page.rows],
            "pagination": build_pagination(people.page),
            "invitations": invitations,
        }
        return respond_json(request, document, cache=PRIVATE if people.rights else REVALIDATE)


class PersonView(ApiView):
    """One member of an organization."""

    @extend_schema(
        operation_id="changeOrganizationRole",
        parameters=[ORGANIZATION, USERNAME],
        request=api.OrganizationRoleBody,
        responses=api.OrganizationMember,
    )
    def patch(self, request: Request, organization: str, username: str) -> HttpResponse:
        """Change the role of a member. For owners and managers; requires `manage`."""
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        body = validate_body(api.OrganizationRoleBody, request.data)
        member = change_person_role(
            actor=actor,
            organization=found,
            username=username,
            role=OrganizationRole(body["role"]),
        )
        return respond_json(request, build_person(member), cache=PRIVATE)

    @extend_schema(
        operation_id="removeOrganizationMember",
        parameters=[ORGANIZATION, USERNAME],
        responses=api.OrganizationRemoval,
    )
    def delete(self, request: Request, organization: str, username: str) -> HttpResponse:
        """Remove a member; with the own user name, leave. Requires `manage`.

        Every right in the organization ends at once.
        """
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        remove_person(actor=actor, organization=found, username=username)
        document: api.OrganizationRemoval = {
            "organization": found.name,
            "username": username,
            "removed": "member",
        }
        return respond_json(request, document, cache=PRIVATE)


class SentInvitationsView(ApiView):
    """The invitations of an organization."""

    @extend_schema(
        operation_id="inviteToOrganization",
        parameters=[ORGANIZATION],
        request=api.OrganizationInvitationBody,
        responses={201: api.OrganizationInvitation},
    )
    def post(self, request: Request, organization: str) -> HttpResponse:
        """Invite an account or an email address. For owners and managers; requires `manage`."""
        actor = get_organization_actor(request, organization)
        found = get_organization(organization)
        body = validate_body(api.OrganizationInvitationBody, request.data)
        invitation = invite_person(
            actor=actor,
            organization=found,
            addressee=body["addressee"],
            role=OrganizationRole(body["role"]),
        )
        document = build_organization_invitation(invitation)
        return respond_json(request, document, cache=PRIVATE, status=201)


class SentInvitationView(ApiView):
    """One invitation of an organization."""

    @extend_schema(
        operation_id="withdrawOrganizationInvitation",
        parameters=[ORGANIZATION, INVITATION_ID],
        responses=api.OrganizationInvitation,
    )
    def delete(self, request: Request, organization: str, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Withdraw an invitation. For owners and managers; requires `manage`."""
        invitation = withdraw_organization_invitation(
            actor=get_organization_actor(request, organization),
            organization=get_organization(organization),
            invitation_id=id,
        )
        document = build_organization_invitation(invitation)
        return respond_json(request, document, cache=PRIVATE)


class MembershipsView(ApiView):
    """The organizations of the caller."""

    @extend_schema(operation_id="listMemberships", responses=api.MembershipList)
    def get(self, request: Request) -> HttpResponse:
        """List the organizations of the account of the token, and the invitations to others.

        Requires `read` or `manage`.
        """
        actor = _get_unlimited_actor(request, "read", "manage")
        invitations = list_own_organization_invitations(actor)
        document: api.MembershipList = {
            "memberships": [build_membership(each) for each in list_memberships(actor)],
            "invitations": [build_organization_invitation(each) for each in invitations],
        }
        return respond_json(request, document, cache=PRIVATE)


class MembershipView(ApiView):
    """The membership of the caller in one organization."""

    @extend_schema(
        operation_id="showMembership",
        parameters=[ORGANIZATION],
        request=api.VisibilityBody,
        responses=api.Membership,
    )
    def patch(self, request: Request, organization: str) -> HttpResponse:
        """Show the membership to everybody, or to members only. Requires `manage`."""
        actor = get_organization_actor(request, organization)
        body = validate_body(api.VisibilityBody, request.data)
        member = show_membership(
            actor=actor,
            organization=get_organization(organization),
            is_public=body["isPublic"],
        )
        member.missing = find_missing(actor, member.organization)
        return respond_json(request, build_membership(member), cache=PRIVATE)


class AcceptMembershipView(ApiView):
    """The acceptance of an invitation."""

    @extend_schema(
        operation_id="acceptOrganizationInvitation",
        parameters=[INVITATION_ID],
        request=None,
        responses=api.Membership,
    )
    def post(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Accept an invitation: become a member of the organization. Requires `manage`."""
        actor = _get_unlimited_actor(request)
        member = accept_organization_invitation(actor=actor, invitation_id=id)
        member.missing = find_missing(actor, member.organization)
        return respond_json(request, build_membership(member), cache=PRIVATE)


class DeclineMembershipView(ApiView):
    """The refusal of an invitation."""

    @extend_schema(
        operation_id="declineOrganizationInvitation",
        parameters=[INVITATION_ID],
        request=None,
        responses=api.OrganizationInvitation,
    )
    def post(self, request: Request, id: int) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Decline an invitation, which is deleted. Requires `manage`."""
        invitation = decline_organization_invitation(
            actor=_get_unlimited_actor(request), invitation_id=id
        )
        document = build_organization_invitation(invitation)
        return respond_json(request, document, cache=PRIVATE)


def _find_viewer(request: Request, organization: str) -> User | None:
    """Return the caller, if the token may read what is not public."""
    token = request.auth
    if not isinstance(token, Token) or not is_token_for_organization(token, organization):
        return None
    try:
        check_token_may(token, ("read", "manage"))
    except PlugportError:
        # What is public is shown to everybody, also with such a token.
        return None
    return token.user
