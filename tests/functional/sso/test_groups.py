"""Rules for groups of an organization's identity provider: what a sign-in gives, and what it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions.organizations.people import change_person_role, remove_person
from accounts.actions.organizations.sso_groups import (
    remove_group_rule,
)
from accounts.actions.organizations.teams import add_team_member, remove_team_member
from accounts.actions.reset_password import reset_password
from accounts.actions.scim.map_group import map_scim_group
from accounts.actions.sso.connections import delete_connection
from accounts.actions.sso.identities import unlink_identity
from accounts.actions.undo_email_change import undo_email_change
from accounts.errors import (
    OrganizationRequestError,
)
from accounts.models import (
    AuditEntry,
    Organization,
    OrganizationRole,
    SsoConnection,
    SsoGroupMember,
    SsoGroupRule,
    SsoIdentity,
    Team,
    User,
)
from accounts.security.email_change_keys import EmailChange, build_undo_key
from registry.actions.organizations.team_rights import set_team_right
from registry.models import Role
from tests.support import saml
from tests.support.identity_providers import (
    OidcProvider,
    allow_provider,
    authorize,
    create_oidc_connection,
    find_signed_in,
    open_callback,
    run_oidc_provider_mock,
    sign_in,
)
from tests.support.people import bearer, create_api_token, create_user
from tests.support.publishing import Publisher
from tests.support.scim import build_provider
from tests.support.sso_groups import add_rules, build_harbor, connect, get_rights, link

pytestmark = pytest.mark.django_db
OVERAGE = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "x"}}}


@pytest.fixture
def owner(db: None) -> User:
    """The owner of the organization."""
    return create_user("ona")


@pytest.fixture
def harbor(owner: User) -> Organization:
    """An organization with the teams `dev` and `ops`."""
    return build_harbor(owner)


@pytest.fixture
def connection(harbor: Organization, provider: OidcProvider) -> SsoConnection:
    """A connection of the organization, switched on."""
    return connect(harbor, provider)


def list_changes() -> list[tuple[Any, Any]]:
    """What the log has about changes at sign-ins."""
    entries = AuditEntry.objects.filter(action="organization.groups-applied").order_by("id")
    return [(each.before, each.after) for each in entries]


def test_groups_give_and_take(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """At each sign-in; the log has before and after, and a sign-in without a change adds nothing."""
    add_rules(owner, connection, engineers="team:dev", oncall="team:ops", leads="role:manager")
    sign_in(Client(), connection, provider, groups=["engineers", "leads", "others"])
    assert get_rights(harbor) == ("manager", {"dev"})
    for _ in range(2):
        sign_in(Client(), connection, provider, groups=["engineers", "oncall"])
        assert get_rights(harbor) == ("member", {"dev", "ops"})
    sign_in(Client(), connection, provider)
    assert get_rights(harbor) == ("member", set())
    assert list_changes() == [
        ({"role": "member", "teams": []}, {"role": "manager", "teams": ["dev"]}),
        ({"role": "manager", "teams": ["dev"]}, {"role": "member", "teams": ["dev", "ops"]}),
        ({"role": "member", "teams": ["dev", "ops"]}, {"role": "member", "teams": []}),
    ]
    entry = AuditEntry.objects.filter(action="organization.groups-applied").latest("id")
    subject = User.objects.get(username="ada-harbor")
    assert (entry.target_name, entry.subject_id) == ("harbor", subject.pk)


def test_rights_of_sessions_and_tokens_end_at_once(
    harbor: Organization,
    connection: SsoConnection,
    provider: OidcProvider,
    owner: User,
    publisher: Publisher,
) -> None:
    """Of other browsers and of tokens too, with the sign-in that no longer has the group."""
    publisher.publish("@harbor/pier", visibility="private")
    set_team_right(
        actor=owner,
        organization=harbor,
        team_name="dev",
        target="@harbor/pier",
        role=Role.PUBLISHER,
    )
    add_rules(owner, connection, engineers="team:dev")
    headers = bearer(create_api_token(link(connection), "read"))
    first = Client()

    def open_all() -> set[int]:
        page = first.get("/plugins/@harbor/pier")
        return {
            page.status_code,
            Client().get("/api/v1/plugins/@harbor/pier", **headers).status_code,
        }

    sign_in(first, connection, provider)
    assert open_all() == {404}
    sign_in(Client(), connection, provider, groups=["engineers"])
    assert open_all() == {200}
    sign_in(Client(), connection, provider, groups=["other"])
    assert open_all() == {404}


def test_what_people_gave_by_hand_stays(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """Also if a group gives the same, and if a person gives what a group gave before."""
    add_rules(owner, connection, engineers="team:dev", oncall="team:ops", bills="role:billing")
    link(connection)
    groups = ["engineers", "oncall", "bills"]
    add_team_member(actor=owner, organization=harbor, name="dev", username="max")
    change_person_role(
        actor=owner, organization=harbor, username="max", role=OrganizationRole.MANAGER
    )
    sign_in(Client(), connection, provider, groups=groups)
    assert get_rights(harbor, "max") == ("manager", {"dev", "ops"})
    sign_in(Client(), connection, provider)
    assert get_rights(harbor, "max") == ("manager", {"dev"})
    # From here on, a group gives all of it, and then a person.
    change_person_role(
        actor=owner, organization=harbor, username="max", role=OrganizationRole.MEMBER
    )
    remove_team_member(actor=owner, organization=harbor, name="dev", username="max")
    sign_in(Client(), connection, provider, groups=groups)
    assert get_rights(harbor, "max") == ("billing", {"dev", "ops"})
    add_team_member(actor=owner, organization=harbor, name="dev", username="max")
    change_person_role(
        actor=owner, organization=harbor, username="max", role=OrganizationRole.BILLING
    )
    sign_in(Client(), connection, provider)
    assert get_rights(harbor, "max") == ("billing", {"dev"})


def test_owners_keep_their_role(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """No group makes or unmakes an owner."""
    add_rules(owner, connection, leads="role:manager", engineers="team:dev")
    link(connection, "ona")
    for groups, teams in ((["leads", "engineers"], {"dev"}), ([], set())):
        sign_in(Client(), connection, provider, groups=groups)
        assert get_rights(harbor, "ona") == ("owner", teams)
    with pytest.raises(OrganizationRequestError):
        add_rules(owner, connection, leads="role:owner")


def test_a_manager_who_loses_the_role_invites_nobody(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """As when a person takes the role: invitations do not come back with it."""
    add_rules(owner, connection, leads="role:manager")
    sign_in(Client(), connection, provider, groups=["leads"])
    user = User.objects.get(username="ada-harbor")
    harbor.invitations.create(
        user=create_user("sam"),
        role="member",
        invited_by=user,
        expires_at=user.date_joined.replace(year=2100),
    )
    sign_in(Client(), connection, provider)
    assert not harbor.invitations.exists()


def test_rules_and_connections_that_go_take_what_they_gave(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """At once, without a sign-in; another rule keeps what it gives."""
    rules = add_rules(
        owner, connection, engineers="team:dev", writers="team:dev", leads="role:manager"
    )
    everything = ["engineers", "writers", "leads"]
    sign_in(Client(), connection, provider, groups=everything)
    for group, rights in (
        ("writers", ("manager", {"dev"})),
        ("engineers", ("manager", set())),
        ("leads", ("member", set())),
    ):
        remove_group_rule(actor=owner, organization=harbor, rule_id=rules[group].pk)
        assert get_rights(harbor) == rights
    entry = AuditEntry.objects.filter(action="sso.rule-removed").latest("id")
    assert (entry.before, entry.after, entry.details["changed_members"]) == (
        {"group": "leads", "team": "", "role": "manager"},
        None,
        1,
    )
    add_rules(owner, connection, engineers="team:dev", leads="role:manager")
    sign_in(Client(), connection, provider, groups=everything)
    assert get_rights(harbor) == ("manager", {"dev"})
    delete_connection(actor=owner, connection=connection)
    assert get_rights(harbor) == ("member", set())
    assert not SsoGroupRule.objects.exists()


def test_unlinking_and_removal_take_what_groups_gave(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """A member who comes back has it again with the next sign-in, and not before."""
    add_rules(owner, connection, engineers="team:dev")
    user = link(connection)
    sign_in(Client(), connection, provider, groups=["engineers"])
    assert get_rights(harbor, "max") == ("member", {"dev"})
    unlink_identity(user=user, identity_id=SsoIdentity.objects.get().pk)
    assert get_rights(harbor, "max") == ("member", set())
    client = Client()
    sign_in(client, connection, provider, groups=["engineers"])
    created = find_signed_in(client)
    assert created is not None
    remove_person(actor=owner, organization=harbor, username=created.username)
    assert find_signed_in(client) is None
    assert not SsoGroupMember.objects.exists()
    harbor.memberships.create(user=created, role="member")
    scim = build_provider(harbor, owner)
    group = scim.create_group("Else")["id"]
    map_scim_group(actor=owner, organization=harbor, public_id=group, team="dev", role="")
    assert get_rights(harbor) == ("member", set())
    sign_in(client, connection, provider, groups=["engineers"])
    assert get_rights(harbor) == ("member", {"dev"})


def test_the_recovery_of_an_account_takes_what_groups_gave(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """It removes links that are new, since a thief may have made them."""
    add_rules(owner, connection, engineers="team:dev", leads="role:manager")
    user = link(connection)
    sign_in(Client(), connection, provider, groups=["engineers", "leads"])
    assert get_rights(harbor, "max") == ("manager", {"dev"})
    user.refresh_from_db()
    reset_password(user=user, password="a new long phrase")
    assert get_rights(harbor, "max") == ("member", set())
    assert not SsoIdentity.objects.exists()
    link(connection)
    sign_in(Client(), connection, provider, groups=["engineers"])
    assert get_rights(harbor, "max") == ("member", {"dev"})
    change = EmailChange(user_id=user.pk, old=user.email, new="thief@example.test")
    User.objects.filter(pk=user.pk).update(email=change.new)
    undo_email_change(key=build_undo_key(change))
    assert get_rights(harbor, "max") == ("member", set())


def test_scim_and_rules_do_not_take_from_each_other(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """What one of them still gives stays, and the last one ends it."""
    add_rules(owner, connection, engineers="team:dev", leads="role:billing")
    scim = build_provider(harbor, owner)
    user = scim.create_user("ada", externalId="person-1")["id"]
    group = scim.create_group("Engineers", user)["id"]
    map_scim_group(actor=owner, organization=harbor, public_id=group, team="dev", role="manager")
    sign_in(Client(), connection, provider, groups=["engineers", "leads"])
    assert get_rights(harbor) == ("manager", {"dev"})
    sign_in(Client(), connection, provider)
    assert get_rights(harbor) == ("manager", {"dev"})
    sign_in(Client(), connection, provider, groups=["engineers", "leads"])
    scim.patch(f"Groups/{group}", {"op": "remove", "path": "members"})
    assert get_rights(harbor) == ("billing", {"dev"})
    sign_in(Client(), connection, provider)
    assert get_rights(harbor) == ("member", set())


@pytest.mark.parametrize("claims", [OVERAGE, {"hasgroups": True}, {"hasgroups": "true"}])
def test_groups_that_entra_leaves_out_take_nothing(
    harbor: Organization,
    connection: SsoConnection,
    provider: OidcProvider,
    owner: User,
    claims: dict[str, Any],
) -> None:
    """The person keeps the rights, and the page of the connection names the person and the reason."""
    add_rules(owner, connection, engineers="team:dev")
    sign_in(Client(), connection, provider, groups=["engineers"])
    client = Client()
    assert sign_in(client, connection, provider, **claims).status_code == 302
    assert find_signed_in(client) is not None
    assert get_rights(harbor) == ("member", {"dev"})
    failure = connection.failures.get()
    assert failure.reason == "too-many-groups"
    assert "`ada-harbor`" in failure.detail
    # The groups are there: it is another claim that is elsewhere.
    sign_in(Client(), connection, provider, groups=[], _claim_names={"groups": "src1"})
    assert get_rights(harbor) == ("member", set())


@pytest.mark.parametrize("value", [{"phone": "src1"}, ["groups"], "groups", None])
def test_other_claims_elsewhere_are_no_overage(
    harbor: Organization,
    connection: SsoConnection,
    provider: OidcProvider,
    owner: User,
    value: Any,
) -> None:
    add_rules(owner, connection, engineers="team:dev")
    sign_in(Client(), connection, provider, groups=["engineers"])
    sign_in(Client(), connection, provider, _claim_names=value)
    assert get_rights(harbor) == ("member", set())
    assert not connection.failures.exists()


def test_groups_of_the_whole_registry_that_entra_leaves_out(provider: OidcProvider) -> None:
    """Operators stay operators."""
    provider.serve("/userinfo", {"sub": "person-1"})
    connection = create_oidc_connection(
        provider.url, group_rules=[{"group": "ops", "right": "operator"}]
    )
    sign_in(Client(), connection, provider, groups=["ops"])
    sign_in(Client(), connection, provider, **OVERAGE)
    assert SsoIdentity.objects.get().user.is_superuser
    assert connection.failures.get().reason == "too-many-groups"


def test_too_many_groups_are_refused(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """A sign-in with more than 500 changes nothing."""
    add_rules(owner, connection, engineers="team:dev")
    sign_in(Client(), connection, provider, groups=["engineers"])
    groups = [str(number) for number in range(501)]
    client = Client()
    assert sign_in(client, connection, provider, groups=groups).status_code == 403
    assert connection.failures.get().reason == "too-large"
    assert find_signed_in(client) is None
    assert get_rights(harbor) == ("member", {"dev"})
    sign_in(client, connection, provider, groups=[*groups[:499], "engineers"])
    assert find_signed_in(client) is not None


@pytest.mark.parametrize(
    "groups",
    [
        [["engineers"]],
        [{"engineers": True}, None, 7, True, 1.5],
        {"engineers": "engineers"},
        "engineers,leads",
        ["Engineers", "engineers\x00", " engineers", "engineers\n", "\udc80engineers", "e" * 300],
        ["'; DROP TABLE accounts_team; --", "%", "_", "*", "engineers%"],
        7,
        True,
    ],
)
def test_hostile_values_give_nothing(
    harbor: Organization,
    connection: SsoConnection,
    provider: OidcProvider,
    owner: User,
    groups: Any,
) -> None:
    """Only a whole equal text is a group, and the sign-in goes on."""
    add_rules(owner, connection, engineers="team:dev", leads="role:manager")
    client = Client()
    assert sign_in(client, connection, provider, groups=groups).status_code == 302
    assert get_rights(harbor) == ("member", set())
    sign_in(Client(), connection, provider, groups="engineers")
    assert get_rights(harbor) == ("member", {"dev"})


def test_the_number_of_queries_of_a_sign_in(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """It depends neither on the number of groups nor on that of rules."""
    counts = []
    link(connection)
    for number in (1, 40):
        teams = Team.objects.bulk_create(
            Team(organization=harbor, name=f"t{number}-{i}") for i in range(number)
        )
        SsoGroupRule.objects.bulk_create(
            SsoGroupRule(connection=connection, group=team.name, team=team) for team in teams
        )
        names = [team.name for team in teams]
        sign_in(Client(), connection, provider)
        for groups in (names, [*names[1:], "x"]):
            client = Client()
            with CaptureQueriesContext(database) as queries:
                sign_in(client, connection, provider, groups=groups)
            counts.append(len(queries))
    assert counts[:2] == counts[2:]


def test_a_real_openid_connect_provider(settings: Any, harbor: Organization, owner: User) -> None:
    """Whose groups are at its userinfo endpoint, in the claim that the connection names."""
    with run_oidc_provider_mock() as url:
        allow_provider(settings, url)
        connection = create_oidc_connection(
            url, owner=harbor.owner, settings={"groups_claim": "memberOf"}
        )
        add_rules(owner, connection, engineers="team:dev")
        for groups, teams in ((["engineers"], {"dev"}), (["elsewhere"], set())):
            claims = {"preferred_username": "ada", "memberOf": groups, "groups": ["engineers"]}
            httpx.put(f"{url}/users/ada-1", json=claims, trust_env=False).raise_for_status()
            client = Client()
            start = client.get(f"/sso/{connection.public_id}/start")["Location"]
            open_callback(client, connection, **authorize(start, "ada-1"))
            assert get_rights(harbor) == ("member", teams)


def test_a_real_saml_provider(tmp_path: Path, harbor: Organization, owner: User) -> None:
    """pysaml2 sends the groups in an attribute, and Entra a link in place of too many."""
    connection = saml.create_saml_connection(owner=harbor.owner)
    add_rules(owner, connection, engineers="team:dev", leads="role:manager")
    metadata = Client().get(f"/sso/{connection.public_id}/saml/metadata").content.decode()
    provider = saml.RealProvider(tmp_path, metadata)

    def sign_in_with(**attributes: list[str]) -> None:
        client = Client()
        start = client.get(f"/sso/{connection.public_id}/start")["Location"]
        answer = saml.send(connection, provider.answer(start, "ada-1", attributes))
        assert client.get(answer["Location"]).status_code == 302

    link_attribute = "http://schemas.microsoft.com/claims/groups.link"
    for attributes, rights in (
        ({"groups": ["engineers", "leads"]}, ("manager", {"dev"})),
        ({link_attribute: ["https://graph.microsoft.com/x"]}, ("manager", {"dev"})),
        ({"groups": ["leads"], link_attribute: ["x"]}, ("manager", set())),
        ({}, ("member", set())),
    ):
        sign_in_with(uid=["ada"], **attributes)
        assert get_rights(harbor) == rights
    assert connection.failures.get().reason == "too-many-groups"


def test_the_test_sign_in_shows_that_groups_are_missing(
    harbor: Organization, connection: SsoConnection, provider: OidcProvider, owner: User
) -> None:
    """Before the connection is switched on, and without changing anything."""
    add_rules(owner, connection, engineers="team:dev")
    client = Client()
    client.force_login(owner, backend="accounts.sign_in.SignInBackend")
    path = f"/organizations/harbor/sso/{connection.public_id}"
    url = client.get(client.get(path).context["start_url"])["Location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    provider.issue(provider.sign(provider.build_claims(nonce=query["nonce"], **OVERAGE)))
    open_callback(client, connection, state=query["state"], code="c")
    assert "too many: the provider did not send them" in client.get(path).content.decode()
    assert not SsoGroupMember.objects.exists()
