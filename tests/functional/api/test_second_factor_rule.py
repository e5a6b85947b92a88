"""An organization that requires a second factor: who loses which rights, over the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions.organizations.invitations import invite_person
from accounts.models import (
    AuditEntry,
    Organization,
    OrganizationRole,
    SsoConnection,
    SsoIdentity,
    User,
)
from accounts.policies import OrganizationRight, list_organization_rights
from accounts.security.organization_session import ORGANIZATION_KEY
from registry.jobs.runner import run_pending_jobs
from registry.models import Plugin, Role
from registry.policies import can_manage_trusted_publishers
from registry.rights import find_role, list_roles
from tests.functional.api.calls import Api, expect_problem
from tests.support.factors import add_app
from tests.support.organizations import build_organization, build_team
from tests.support.people import create_api_token, create_user
from tests.support.publishing import build_package, publish_bytes
from tests.support.scim import build_provider

pytestmark = pytest.mark.django_db

ORG = "/organizations/harbor"
RULE = f"{ORG}/second-factor"
CODE = "organization-second-factor"


@pytest.fixture
def ada() -> User:
    """The owner, who has a second factor."""
    user = create_user("ada")
    add_app(user)
    return user


@pytest.fixture
def harbor(ada: User) -> Organization:
    """An organization with a private plugin, and people without a factor in all roles."""
    organization = build_organization(
        ada, "harbor", olaf="owner", mia="manager", pat="member", ben="billing"
    )
    publish_bytes(ada, build_package("@harbor/pier"), visibility="private")
    run_pending_jobs()
    build_team(ada, organization, "@harbor", Role.MAINTAINER, "pat")
    return organization


def find_user(name: str) -> User:
    return User.objects.get(username=name)


def sign_in(username: str) -> Api:
    return Api(create_api_token(find_user(username)))


def require(ada: User, *, required: bool = True) -> None:
    answer = Api(create_api_token(ada)).call("PUT", RULE, {"required": required})
    assert answer.status_code == 200, answer.content


def find_plugin_role(name: str) -> Role | None:
    return find_role(find_user(name), Plugin.objects.get(name="@harbor/pier"))


def test_shows_who_would_lose_access_before_it_is_on(ada: User, harbor: Organization) -> None:
    owner = Api(create_api_token(ada))
    preview = owner.get(RULE).json()
    names = ["olaf", "mia", "pat", "ben"]
    expected = {"organization": "harbor", "without": names, "withoutCount": 4}
    assert preview == expected | {"required": False}
    assert owner.call("PUT", RULE, {"required": True}).json() == expected | {"required": True}
    entry = AuditEntry.objects.get(action="organization.second-factor-required")
    assert (entry.actor, entry.details) == (ada, {"without_factor": 4})
    # The same again changes nothing.
    owner.call("PUT", RULE, {"required": True})
    assert owner.call("PUT", RULE, {"required": False}).json()["required"] is False
    acts = AuditEntry.objects.filter(action__startswith="organization.second-factor")
    assert [each.action.rpartition("-")[2] for each in acts.order_by("pk")] == [
        "required",
        "optional",
    ]


def test_only_owners_with_a_factor_switch_it_on(ada: User, harbor: Organization) -> None:
    problem = expect_problem(sign_in("olaf").call("PUT", RULE, {"required": True}), 403, CODE)
    assert "`olaf`" in problem["detail"]
    assert "/account/security" in problem["hint"]
    harbor.refresh_from_db()
    assert not harbor.requires_second_factor
    assert not AuditEntry.objects.filter(action="organization.second-factor-required").exists()
    for name in ("mia", "pat", "ben"):
        for answer in (
            sign_in(name).get(RULE),
            sign_in(name).call("PUT", RULE, {"required": True}),
        ):
            expect_problem(answer, 403, "organization-role")
    limited = Api(create_api_token(ada, limit="@harbor/pier"))
    assert limited.call("PUT", RULE, {"required": True}).status_code == 403


def test_members_without_a_factor_lose_all_rights(ada: User, harbor: Organization) -> None:
    callers = {name: sign_in(name) for name in ("olaf", "mia", "pat", "ben")}
    assert find_plugin_role("olaf") == Role.OWNER
    assert find_plugin_role("mia") == find_plugin_role("pat") == Role.MAINTAINER
    assert callers["pat"].get("/plugins/@harbor/pier").status_code == 200
    require(ada)
    plugin = Plugin.objects.get(name="@harbor/pier")
    for name, caller in callers.items():
        assert find_plugin_role(name) is None
        assert not can_manage_trusted_publishers(find_user(name), plugin)
        expect_problem(caller.get("/plugins/@harbor/pier"), 404, "unknown-plugin")
        package = build_package("@harbor/new")
        expect_problem(caller.publish(package), 403, CODE)
        expect_problem(caller.get(f"{ORG}/teams"), 403, CODE)
        expect_problem(caller.post(f"{ORG}/robots", {"name": "x"}), 403, CODE)
        # Not who is in the organization either.
        assert caller.get(f"{ORG}/members").json()["members"] == []
    assert sign_in("ada").get("/plugins/@harbor/pier").status_code == 200
    # They learn why, and may leave.
    (membership,) = callers["pat"].get("/me/organizations").json()["memberships"]
    assert (membership["role"], membership["needsSecondFactor"]) == ("member", True)
    assert callers["ben"].call("DELETE", f"{ORG}/members/ben").status_code == 200


def test_refusals_at_a_public_plugin_name_the_reason(ada: User, harbor: Organization) -> None:
    publish_bytes(ada, build_package("@harbor/open"))
    run_pending_jobs()
    require(ada)
    edit = {"description": "Ships that come and go."}
    problem = expect_problem(sign_in("mia").call("PATCH", "/plugins/@harbor/open", edit), 403, CODE)
    assert "`mia`" in problem["detail"]
    expect_problem(sign_in("pat").publish(build_package("@harbor/open", "1.1.0")), 403, CODE)
    create_user("stranger")
    stranger = sign_in("stranger").call("PATCH", "/plugins/@harbor/open", edit)
    expect_problem(stranger, 403, "not-a-member")


def test_a_factor_or_the_end_of_the_rule_gives_the_rights_back(
    ada: User, harbor: Organization
) -> None:
    require(ada)
    add_app(find_user("pat"))
    assert find_plugin_role("pat") == Role.MAINTAINER
    assert find_plugin_role("mia") is None
    (membership,) = sign_in("pat").get("/me/organizations").json()["memberships"]
    assert membership["needsSecondFactor"] is False
    require(ada, required=False)
    assert find_plugin_role("mia") == Role.MAINTAINER


def test_other_organizations_and_own_roles_are_not_affected(
    ada: User, harbor: Organization
) -> None:
    mia = find_user("mia")
    build_organization(mia, "depot")
    publish_bytes(mia, build_package("@depot/shed"))
    publish_bytes(mia, build_package("@mia/own"))
    run_pending_jobs()
    require(ada)
    roles = list_roles(mia, Plugin.objects.values_list("pk", flat=True))
    names = dict(Plugin.objects.values_list("pk", "name"))
    assert {names[key]: role for key, role in roles.items()} == {
        "@depot/shed": Role.OWNER,
        "@mia/own": Role.OWNER,
    }


def test_a_new_member_learns_it_when_joining(ada: User, harbor: Organization) -> None:
    require(ada)
    eve = create_user("eve")
    sent = invite_person(
        actor=ada, organization=harbor, addressee="eve", role=OrganizationRole.OWNER
    )
    joined = sign_in("eve").post(f"/me/organization-invitations/{sent.pk}/accept").json()
    assert joined["needsSecondFactor"] is True
    assert list_organization_rights(eve, harbor) == frozenset()
    shown = sign_in("eve").call("PATCH", "/me/organizations/harbor", {"isPublic": True}).json()
    assert shown["needsSecondFactor"] is True


def test_what_a_member_without_rights_offered_is_no_longer_offered(
    ada: User, harbor: Organization
) -> None:
    create_user("eve")
    sent = invite_person(
        actor=find_user("mia"), organization=harbor, addressee="eve", role=OrganizationRole.MEMBER
    )
    accept = f"/me/organization-invitations/{sent.pk}/accept"
    require(ada)
    expect_problem(sign_in("eve").post(accept), 404, "unknown-organization-invitation")
    add_app(find_user("mia"))
    assert sign_in("eve").post(accept).status_code == 200


def test_robots_need_none(ada: User, harbor: Organization) -> None:
    owner = Api(create_api_token(ada))
    owner.post(f"{ORG}/robots", {"name": "ci"})
    owner.call("PUT", f"{ORG}/teams/dev/members/harbor+ci")
    body = {"name": "ci", "scopes": ["read", "publish"]}
    text = owner.post(f"{ORG}/robots/harbor+ci/tokens", body).json()["token"]
    require(ada)
    assert Api(text).get("/plugins/@harbor/pier").status_code == 200
    assert find_plugin_role("harbor+ci") == Role.MAINTAINER


def test_accounts_of_the_identity_provider_need_none(ada: User, harbor: Organization) -> None:
    provider = build_provider(harbor, ada)
    jane = provider.get_account(provider.create_user()["id"])
    sue = create_user("sue")
    other = build_organization(ada, "depot")
    for owner, name in ((None, "ines"), (harbor.owner, "hans"), (other.owner, "dora")):
        user = create_user(name)
        provided = SsoConnection.objects.create(kind="oidc", name=name, owner=owner)
        SsoIdentity.objects.create(
            connection=provided, subject=name, user=user, is_provisioned=True
        )
        harbor.memberships.create(user=user, role=OrganizationRole.MANAGER)
    own = SsoConnection.objects.get(owner=harbor.owner)
    SsoIdentity.objects.create(connection=own, subject="sue", user=sue)
    harbor.memberships.create(user=sue, role=OrganizationRole.MANAGER)
    require(ada)
    assert OrganizationRight.SEE_MEMBERS in list_organization_rights(jane, harbor)
    assert find_plugin_role("ines") == find_plugin_role("hans") == Role.MAINTAINER
    # Neither an account of another organization, nor one that is only linked.
    assert find_plugin_role("dora") is find_plugin_role("sue") is None
    without = Api(create_api_token(ada)).get(RULE).json()["without"]
    assert without == ["olaf", "dora", "mia", "sue", "pat", "ben"]


def test_sessions_of_the_single_sign_on_need_none(ada: User, harbor: Organization) -> None:
    require(ada)
    browser = Client()
    browser.force_login(find_user("mia"))
    assert browser.get("/organizations/harbor/teams").status_code == 403
    assert browser.get("/plugins/@harbor/pier").status_code == 404
    session = browser.session
    session[ORGANIZATION_KEY] = harbor.pk
    session.save()
    assert browser.get("/organizations/harbor/teams").status_code == 200
    assert browser.get("/plugins/@harbor/pier").status_code == 200


def test_rights_cost_no_more_queries(ada: User, harbor: Organization) -> None:
    keys = list(Plugin.objects.values_list("pk", flat=True))
    counts = []
    for required in (False, True):
        require(ada, required=required)
        for name in ("ada", "mia"):
            user, row = find_user(name), Organization.objects.get(pk=harbor.pk)
            with CaptureQueriesContext(connection) as queries:
                list_roles(user, keys)
                list_organization_rights(user, row)
            counts.append(len(queries))
    assert counts == [2, 2, 2, 2]
