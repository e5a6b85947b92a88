"""An organization with one of everything, and a claim: what tests and screenshots open the pages of.

Runs in a registry with the demo catalog, as `manage.py shell` or in a process with its settings.
"""

from __future__ import annotations

from accounts.actions.domains.add_domain import add_domain
from accounts.actions.organizations.invitations import invite_person
from accounts.actions.organizations.organization import create_organization, edit_organization
from accounts.actions.organizations.people import show_membership
from accounts.actions.organizations.robots import create_robot, create_robot_token
from accounts.actions.organizations.teams import add_team_member, create_team
from accounts.actions.register_issuer import register_issuer
from accounts.actions.scim.tokens import create_scim_token
from accounts.models import OrganizationRole, SsoConnection, User
from accounts.queries.organizations import get_organization
from registry.actions.organizations.team_rights import set_team_right
from registry.actions.transfers.claims.make import make_claim
from registry.models import ClaimKind, Plugin, Role
from tests.support.organizations import add_people
from tests.support.people import create_user

NAME = "rivermark"
ROOT = f"/organizations/{NAME}"
# More than a page.
_PEOPLE = 120


def create_pages(username: str) -> dict[str, str]:
    """Create the organization of the account; returns the paths that have an id, by their URL pattern."""
    owner = User.objects.get(username=username)
    create_organization(actor=owner, name=NAME)
    organization = get_organization(NAME)
    edit_organization(
        actor=owner,
        organization=organization,
        display_name="Rivermark Instruments",
        description="Sensors for harbors and rivers.",
        website="https://rivermark.example",
    )
    show_membership(actor=owner, organization=organization, is_public=True)
    team = create_team(actor=owner, organization=organization, name="dev")
    add_people(organization, _PEOPLE, team)
    right = {"actor": owner, "organization": organization, "team_name": "dev"}
    set_team_right(**right, target=f"@{NAME}", role=Role.MAINTAINER)
    robot = create_robot(actor=owner, organization=organization, name="ci").username
    add_team_member(actor=owner, organization=organization, name="dev", username=robot)
    create_robot_token(
        actor=owner, organization=organization, robot_name=robot, name="deploy", scopes=["read"]
    )
    for addressee in ("ada@rivermark.example", "bo@rivermark.example"):
        invite_person(
            actor=owner,
            organization=organization,
            addressee=addressee,
            role=OrganizationRole.MEMBER,
        )
    add_domain(actor=owner, owner=organization.owner, domain="rivermark.example")
    register_issuer(actor=owner, owner=organization.owner, url="https://ci.rivermark.example")
    create_scim_token(actor=owner, organization=organization, name="Okta")
    connection = SsoConnection.objects.create(
        owner=organization.owner,
        kind=SsoConnection.OIDC,
        name="Okta",
        settings={"issuer": "https://rivermark.okta.example", "client_id": "plugport"},
    )
    plugin = Plugin.objects.get(name="simple-webhook")
    # Who makes a claim and who answers it both see its page.
    is_holder = plugin.members.filter(holder=owner.owner).exists()
    claim = make_claim(
        actor=create_user("marina") if is_holder else owner,
        target=plugin,
        kind=ClaimKind.NAME,
        reason="The name is our trademark, registered in 2019, and users take it for our plugin.",
        evidence=["https://trademarks.example/simple-webhook"],
    )
    return {
        "organization-sso-connection": f"{ROOT}/sso/{connection.public_id}",
        "claim": f"/claims/{claim.pk}",
    }
