"""What a thief adds to organizations with a stolen account, and what its recovery ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actions.domains.add_domain import add_domain
from accounts.actions.email.replace_email import replace_email
from accounts.actions.end_recent_access import notify_other_owners
from accounts.actions.organizations.invitations import (
    accept_organization_invitation,
    invite_person,
)
from accounts.actions.organizations.people import change_person_role
from accounts.actions.organizations.robots import create_robot, create_robot_token
from accounts.actions.register_issuer import register_issuer
from accounts.actions.reset_password import reset_password
from accounts.actions.scim.tokens import create_scim_token
from accounts.actions.set_password import set_password
from accounts.actions.sso.connections import switch_connection
from accounts.actions.undo_email_change import undo_email_change
from accounts.errors import PasswordChangedError
from accounts.hooks.recovery import OrganizationAccess
from accounts.models import (
    AuditEntry,
    Organization,
    OrganizationRole,
    OwnerDomain,
    RegisteredIssuer,
    SsoConnection,
    Token,
    User,
)
from accounts.security.email_change_keys import EmailChange, build_change_key, build_undo_key
from plugport.spec.names import PluginName
from registry.actions.add_trusted_publisher import add_trusted_publisher
from registry.models import Member, Plugin, Role, TrustedPublisher
from registry.publishing.trusted import PublisherRequest
from tests.functional.pages.dom import parse
from tests.support.organizations import build_organization
from tests.support.people import create_user
from tests.support.publishing import Publisher
from tests.support.scim import build_provider

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_home")]
ACCESS = "/organizations/harbor/access"


@pytest.fixture
def harbor(owner: User) -> Organization:
    return build_organization(owner, "harbor", olga="owner", mia="member")


def _add_everything(by: User, harbor: Organization) -> None:
    """All that the account of an owner can add, and an accomplice who accepts."""
    robot = create_robot(actor=by, organization=harbor, name="ci")
    create_robot_token(
        actor=by,
        organization=harbor,
        robot_name=robot.username,
        name="thief's",
        scopes=["read"],
    )
    create_scim_token(actor=by, organization=harbor, name="sync")
    register_issuer(actor=by, owner=harbor.owner, url="https://ci.thief.example")
    add_domain(actor=by, owner=harbor.owner, domain="pending.example")
    proven = add_domain(actor=by, owner=harbor.owner, domain="thief.example")
    OwnerDomain.objects.filter(pk=proven.pk).update(verified_at=timezone.now())
    connection = SsoConnection.objects.create(
        owner=harbor.owner, kind="oidc", name="Thief", settings={}, tested_at=timezone.now()
    )
    switch_connection(actor=by, connection=connection, is_enabled=True)
    accomplice = create_user("mallory")
    invitation = invite_person(
        actor=by, organization=harbor, addressee="mallory", role=OrganizationRole.OWNER
    )
    accept_organization_invitation(actor=accomplice, invitation_id=invitation.pk)
    change_person_role(actor=by, organization=harbor, username="mia", role=OrganizationRole.MANAGER)
    mail.outbox.clear()


ENDED = (
    "token `thief's` (pp_",
    "SCIM token `sync`",
    "issuer of CI jobs https://ci.thief.example",
    "domain pending.example",
)
KEPT = (
    "domain thief.example",
    "single sign-on connection `Thief`",
    "owner mallory",
    "manager mia",
)


def _reset(owner: User) -> None:
    owner.refresh_from_db()
    reset_password(user=owner, password="staple of batteries 7")


def _set_as_operator(owner: User) -> None:
    owner.refresh_from_db()
    set_password(user=owner, password="staple of batteries 7", by=None)


def _undo(owner: User) -> None:
    """The thief changed the address, and the owner restores it."""
    old = owner.email
    owner.refresh_from_db()
    replace_email(actor=owner, key=build_change_key(owner, "thief@example.test"))
    undo_email_change(key=build_undo_key(EmailChange(owner.pk, old, "thief@example.test")))


@pytest.mark.parametrize("recover", [_reset, _set_as_operator, _undo])
def test_a_recovery_ends_what_was_added(
    owner: User, harbor: Organization, recover: Callable[[User], None]
) -> None:
    _add_everything(owner, harbor)
    recover(owner)
    assert not Token.objects.filter(user__username="harbor+ci", revoked_at=None).exists()
    assert not harbor.scim_tokens.filter(revoked_at=None).exists()
    assert not RegisteredIssuer.objects.exists()
    assert [each.domain for each in OwnerDomain.objects.all()] == ["thief.example"]
    # Others may sign in with it.
    assert SsoConnection.objects.get().is_enabled
    assert harbor.memberships.filter(user__username="mallory").exists()
    own = next(
        each for each in mail.outbox if each.to == ["acme@example.test"] and "- token" in each.body
    )
    other = next(each for each in mail.outbox if each.to == ["olga@example.test"])
    assert other.subject.endswith("Check what acme added to harbor")
    assert f"https://plugins.example.test{ACCESS}" in other.body
    for body in (own.body, other.body):
        removed, kept = body.split("still work")
        assert [line for line in ENDED if f"- {line}" not in removed] == []
        assert [line for line in KEPT if f"- {line}" not in kept] == []
    assert not [each for each in mail.outbox if each.to == ["mia@example.test"]]


def test_the_command_of_operators_recovers_too(
    owner: User, harbor: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`manage.py changepassword`."""
    _add_everything(owner, harbor)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "staple of batteries 7")
    call_command("changepassword", "acme", stdout=StringIO())
    assert not RegisteredIssuer.objects.exists()
    assert mail.outbox[0].subject.endswith("Your password was changed")
    assert AuditEntry.rows.filter(action="password.changed", subject=owner).count() == 1


def test_what_others_and_earlier_times_added_stays(owner: User, harbor: Organization) -> None:
    olga = User.objects.get(username="olga")
    _add_everything(olga, harbor)
    old = RegisteredIssuer.objects.create(owner=harbor.owner, url="https://old.example")
    AuditEntry.rows.create(
        at=timezone.now() - dt.timedelta(hours=73),
        actor=owner,
        actor_kind="account",
        action="issuer.registered",
        owner_id=harbor.owner.pk,
        target_id=str(old.pk),
    )
    _reset(owner)
    assert Token.objects.filter(user__username="harbor+ci", revoked_at=None).exists()
    assert harbor.scim_tokens.filter(revoked_at=None).exists()
    assert RegisteredIssuer.objects.count() == 2
    assert [each.to for each in mail.outbox if "harbor" in each.subject] == []


def test_a_change_of_the_own_password_ends_nothing(owner: User, harbor: Organization) -> None:
    _add_everything(owner, harbor)
    set_password(user=owner, password="staple of batteries 7", by=owner)
    assert RegisteredIssuer.objects.exists()


def test_an_account_that_was_put_out_of_its_organization(owner: User, harbor: Organization) -> None:
    """The accomplice, now an owner, removes the account."""
    _add_everything(owner, harbor)
    harbor.memberships.filter(user=owner).delete()
    _reset(owner)
    assert not Token.objects.filter(user__username="harbor+ci", revoked_at=None).exists()
    assert [each.to for each in mail.outbox if "harbor" in each.subject] == [
        ["olga@example.test"],
        ["mallory@example.test"],
    ]


def test_a_mail_says_how_many_things_it_leaves_out(owner: User, harbor: Organization) -> None:
    lines = [f"domain d{number}.example" for number in range(60)]
    notify_other_owners(owner, [OrganizationAccess(harbor, lines, lines[:50])])
    (letter,) = mail.outbox
    text = str(letter.body)
    assert text.count("- and 10 more, see the log") == 1
    assert text.count("- domain") == 100


def test_who_joined_the_own_plugins_is_named(owner: User, publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    plugin = Plugin.objects.get(name="@acme/chat")
    for name, hours in {"mallory": 71, "olga": 73}.items():
        Member.objects.create(
            plugin=plugin,
            holder=create_user(name).owner,
            role=Role.OWNER,
            created_at=timezone.now() - dt.timedelta(hours=hours),
        )
    _reset(owner)
    body = mail.outbox[-1].body
    assert "- owner mallory of @acme/chat, added" in body
    assert "olga" not in body


def _add_publisher(thief: User, _harbor: Organization) -> None:
    job = PublisherRequest("github", repository="thief/jobs", owner_id="7", workflow="ci.yml")
    add_trusted_publisher(actor=thief, name=PluginName.parse("@acme/chat"), request=job)


def _add_issuer(thief: User, harbor: Organization) -> None:
    register_issuer(actor=thief, owner=harbor.owner, url="https://ci.thief.example")


def _make_owner(thief: User, harbor: Organization) -> None:
    change_person_role(
        actor=thief, organization=harbor, username="mia", role=OrganizationRole.OWNER
    )


def _switch_on(thief: User, harbor: Organization) -> None:
    connection = SsoConnection.objects.create(
        owner=harbor.owner, kind="oidc", name="X", settings={}, tested_at=timezone.now()
    )
    switch_connection(actor=thief, connection=connection, is_enabled=True)


@pytest.mark.parametrize("act", [_add_publisher, _add_issuer, _make_owner, _switch_on])
def test_a_request_that_began_before_the_recovery_adds_nothing(
    owner: User,
    publisher: Publisher,
    harbor: Organization,
    act: Callable[[User, Organization], None],
) -> None:
    publisher.publish("@acme/chat")
    thief = User.objects.get(pk=owner.pk)
    _reset(owner)
    with pytest.raises(PasswordChangedError):
        act(thief, harbor)
    assert not TrustedPublisher.objects.exists()
    assert not RegisteredIssuer.objects.exists()
    assert not SsoConnection.objects.filter(is_enabled=True).exists()
    assert harbor.memberships.get(user__username="mia").role == "member"


def test_owners_end_each_thing_on_the_page(
    owner: User, owner_client: Client, harbor: Organization, publisher: Publisher
) -> None:
    _add_everything(owner, harbor)
    publisher.publish("@harbor/pier")
    plugin = Plugin.objects.get(name="@harbor/pier")
    TrustedPublisher.objects.create(
        name=plugin.name, plugin=plugin, created_by=owner, provider="github", repository="t/jobs"
    )
    page = parse(owner_client.get(ACCESS).content.decode())
    main = page.one("main")
    for line in (*ENDED, *KEPT):
        assert line[1:].replace("`", "") in main.text
    forms = [form for form in main.all("form") if form.attrs.get("action") == ACCESS]
    assert len(forms) == len(ENDED) + len(KEPT) + 1
    for form in forms:
        fields = {each.attrs["name"]: each.attrs.get("value", "") for each in form.all("input")}
        fields.pop("csrfmiddlewaretoken", None)
        assert owner_client.post(ACCESS, {**fields, "action": "end"}).url == ACCESS
    assert "Nothing was added" in parse(owner_client.get(ACCESS).content.decode()).text
    assert not SsoConnection.objects.get().is_enabled
    left = set(
        harbor.memberships.filter(user__robot_of=None).values_list("user__username", flat=True)
    )
    assert left == {"acme", "olga"}


def test_forms_that_are_not_complete(owner_client: Client, harbor: Organization) -> None:
    for fields in (
        {},
        {"kind": "member"},
        {"kind": "issuer", "id": "9" * 30},
        {"kind": "connection", "name": "x\0"},
        {"kind": "other", "id": "1"},
        {"kind": "publisher", "id": "-1"},
    ):
        response = owner_client.post(ACCESS, {"action": "end", **fields}, follow=True)
        assert response.status_code == 200, fields


def test_only_owners_see_the_page(harbor: Organization) -> None:
    for name, status in {"olga": 200, "mia": 403}.items():
        client = Client()
        client.force_login(
            User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend"
        )
        assert client.get(ACCESS).status_code == status


def test_the_page_has_as_many_queries_for_more_rows(
    owner: User, owner_client: Client, harbor: Organization
) -> None:
    counts: list[int] = []
    owner_client.get(ACCESS)
    for add in (
        lambda: None,
        lambda: _add_everything(owner, harbor),
        lambda: _add_more(owner, harbor),
    ):
        add()
        with CaptureQueriesContext(database) as found:
            assert owner_client.get(ACCESS).status_code == 200
        counts.append(len(found))
    assert counts[1] == counts[2], counts
    assert counts[2] <= 14, counts


def test_the_page_of_an_organization_with_people_of_scim(
    owner_client: Client, owner: User, harbor: Organization
) -> None:
    provider = build_provider(harbor, owner)
    provider.create_user("ann@harbor.example")
    page = owner_client.get(ACCESS)
    assert page.status_code == 200
    text = parse(page.content.decode()).one("main").text
    assert "SCIM token" in text
    assert "ann-harbor" not in text


def _add_more(by: User, harbor: Organization) -> None:
    for number in range(4):
        register_issuer(actor=by, owner=harbor.owner, url=f"https://ci{number}.example")
        add_domain(actor=by, owner=harbor.owner, domain=f"more{number}.example")
        create_scim_token(actor=by, organization=harbor, name=f"more {number}")
