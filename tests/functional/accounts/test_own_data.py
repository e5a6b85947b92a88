"""Changing the address of a verified account, exporting its data, deleting it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.apps import apps
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.actions.email.replace_email import replace_email
from accounts.actions.organizations.invitations import (
    accept_organization_invitation,
    invite_person,
)
from accounts.actions.organizations.people import change_person_role
from accounts.errors import PasswordChangedError, UnknownOrganizationInvitationError
from accounts.models import (
    AccountSession,
    AuditEntry,
    AuditIdentity,
    OrganizationInvitation,
    OrganizationMember,
    OrganizationRole,
    SsoConnection,
    SsoIdentity,
    TeamMember,
    Token,
    User,
)
from accounts.security.email_change_keys import build_change_key
from registry.actions.create_scope import create_scope
from registry.models import Invitation, Member, Release, Role
from tests.functional.accounts.conftest import HOME
from tests.functional.api.calls import Api
from tests.support.factors import add_app
from tests.support.organizations import build_organization, build_team
from tests.support.people import PASSWORD, create_api_token
from tests.support.publishing import Publisher

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_home")]
NEW = "new@example.test"


def _read_link(to: str) -> str:
    message = next(message for message in reversed(mail.outbox) if message.to == [to])
    found = re.search(rf"{re.escape(HOME)}(/account/email/key/\S+)", message.body)
    assert found
    return found[1]


def _request(client: Client, email: str = NEW) -> Any:
    return client.post("/account/email", {"action": "request", "email": email})


def _change(client: Client) -> Any:
    _request(client)
    assert client.get(_read_link(NEW)).url == "/account/email"
    return client.post("/account/email", {"action": "replace"})


def test_an_address_changes_when_the_new_one_is_verified(owner_client: Client, owner: User) -> None:
    old = owner.email
    assert _request(owner_client).url == "/account/email"
    owner.refresh_from_db()
    assert (owner.email, len(mail.outbox)) == (old, 1)
    owner_client.get(_read_link(NEW))
    assert NEW.encode() in owner_client.get("/account/email").content
    assert owner_client.post("/account/email", {"action": "replace"}).url == "/account"
    owner.refresh_from_db()
    assert (owner.email, owner.is_verified) == (NEW, True)
    assert mail.outbox[-1].to == [old]


def test_the_link_of_another_account_changes_nothing(
    owner_client: Client, owner: User, create_user: Any
) -> None:
    _request(owner_client)
    thief = create_user("mallory")
    browser = Client()
    browser.force_login(thief, backend="django.contrib.auth.backends.ModelBackend")
    browser.get(_read_link(NEW))
    assert browser.post("/account/email", {"action": "replace"}).status_code == 400
    thief.refresh_from_db()
    assert thief.email == "mallory@example.test"


def test_a_taken_address_is_not_told(owner_client: Client, create_user: Any) -> None:
    other = create_user("tide")
    free = _request(owner_client)
    # Past the limit of one mail a minute.
    cache.clear()
    taken = _request(owner_client, other.email)
    assert (taken.status_code, taken.url) == (free.status_code, free.url)
    assert mail.outbox[-1].to == [other.email]
    assert "already belongs to your account tide" in mail.outbox[-1].body


def test_a_change_needs_a_confirmation(owner_client: Client) -> None:
    session = owner_client.session
    session["confirmed"] = [session["confirmed"][0], session["confirmed"][1] - 301]
    session.save()
    assert _request(owner_client).url.startswith("/account/confirm")
    assert mail.outbox == []


def test_the_old_address_reverses_the_change(owner_client: Client, owner: User) -> None:
    old = owner.email
    text = create_api_token(owner, "read")
    add_app(owner)
    # A thief who linked them would sign in again.
    SocialAccount.objects.create(user=owner, provider="github", uid="7")
    connection = SsoConnection.objects.create(kind="oidc", name="Corp", settings={})
    SsoIdentity.objects.create(user=owner, connection=connection, subject="person-1")
    _change(owner_client)
    link = _read_link(old)
    someone = Client()
    assert someone.get(link).url == "/account/email/undo"
    assert NEW.encode() in someone.get("/account/email/undo").content
    assert someone.post("/account/email/undo").url == "/password/reset"
    owner.refresh_from_db()
    assert (owner.email, owner.has_usable_password(), owner.has_second_factor) == (
        old,
        False,
        False,
    )
    assert owner_client.get("/account").status_code == 302
    assert Token.objects.get(start=text[:10]).revoked_at
    assert not SocialAccount.objects.exists()
    assert not SsoIdentity.objects.exists()
    # It works once.
    someone.get(link)
    assert someone.post("/account/email/undo").status_code == 400


def test_a_second_change_does_not_take_the_address_from_its_owner(
    owner_client: Client, owner: User
) -> None:
    """The link to the first address would no longer restore it."""
    old = owner.email
    _change(owner_client)
    cache.clear()
    assert _request(owner_client, "third@example.test").status_code == 409
    # Also with a link that was requested in another way.
    owner.refresh_from_db()
    key = build_change_key(owner, "third@example.test")
    owner_client.get(f"/account/email/key/{key}")
    assert owner_client.post("/account/email", {"action": "replace"}).status_code == 409
    someone = Client()
    someone.get(_read_link(old))
    assert someone.post("/account/email/undo").url == "/password/reset"
    owner.refresh_from_db()
    assert owner.email == old
    # Nothing can be restored then.
    replace_email(actor=owner, key=build_change_key(owner, "third@example.test"))


def test_a_link_from_before_a_new_password_changes_nothing(
    owner_client: Client, owner: User
) -> None:
    """A thief may have asked for it, and send it to the owner."""
    old, key = owner.email, build_change_key(owner, "thief@example.test")
    owner.set_password("staple of batteries 7")
    owner.save()
    owner_client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    owner_client.get(f"/account/email/key/{key}")
    assert b"thief@example.test" not in owner_client.get("/account/email").content
    assert owner_client.post("/account/email", {"action": "replace"}).status_code == 400
    owner.refresh_from_db()
    assert owner.email == old


@pytest.mark.parametrize("key", ["undo-x", "change-x", "undo-", "change-1:2:3"])
def test_forged_links(owner_client: Client, owner: User, key: str) -> None:
    assert owner_client.get(f"/account/email/key/{key}").url == "/account/email"
    assert owner_client.post("/account/email", {"action": "replace"}).status_code == 400
    assert Client().post("/account/email/undo").status_code == 400


def test_the_export_has_everything_but_secrets(
    owner_client: Client, owner: User, publisher: Publisher
) -> None:
    publisher.publish("@acme/chat")
    text = create_api_token(owner, "read")
    secret = add_app(owner)
    response = owner_client.get("/account/export")
    assert response.headers["Content-Disposition"] == 'attachment; filename="acme.json"'
    content = b"".join(response.streaming_content).decode()
    data = json.loads(content)
    assert data["account"]["email"] == owner.email
    assert [each["start"] for each in data["tokens"]] == [text[:10]]
    assert data["roles"][0]["plugin"] == data["releases"][0]["plugin"] == "@acme/chat"
    assert {each["kind"] for each in data["secondFactors"]} == {"totp", "recovery_codes"}
    assert "token.created" in {each["action"] for each in data["auditEntries"]}
    for hidden in (secret, text, owner.password, Token.objects.get().sha256):
        assert hidden not in content
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert stored not in content


def test_deleting_an_account(
    owner_client: Client, owner: User, create_user: Any, publisher: Publisher
) -> None:
    release = publisher.publish("@acme/chat")
    other = create_user("tide")
    Member.objects.create(plugin=release.plugin, holder=other.owner, role="owner")
    text = create_api_token(owner, "read")
    add_app(owner)
    address = owner.email
    wrong = owner_client.post("/account/delete", {"username": "other"})
    assert wrong.status_code == 400
    assert owner_client.post("/account/delete", {"username": "acme"}).url == "/"
    owner.refresh_from_db()
    assert (owner.is_active, owner.email, owner.has_usable_password()) == (False, "", False)
    assert owner_client.get("/account").status_code == 302
    assert Token.objects.get(start=text[:10]).revoked_at
    assert not Authenticator.objects.exists()
    assert not AccountSession.objects.filter(user=owner).exists()
    assert not AuditIdentity.objects.filter(account_id=owner.pk).exists()
    assert not Invitation.objects.exists()
    assert [member.holder for member in release.plugin.members.all()] == [other.owner]
    assert Release.objects.get(pk=release.pk).state == "published"
    assert mail.outbox[-1].to == [address]
    # The name is not free.
    form = {"username": "acme", "email": "x@example.test"}
    passwords = {"password1": "staple of batteries 7", "password2": "staple of batteries 7"}
    assert b"errorlist" in Client().post("/signup", form | passwords).content
    assert User.objects.filter(username="acme").get() == owner
    assert Client().post("/login", {"login": "acme", "password": PASSWORD}).status_code == 200
    assert Client().get("/plugins/@acme/chat").status_code == 200


def test_nothing_of_the_tokens_stays_when_an_account_is_deleted(
    owner_client: Client, owner: User
) -> None:
    """What people call their tokens and where they use them are personal data, also in the log."""
    api = Api(create_api_token(owner, "publish", "manage"))
    body = {"name": "Laptop of Hilde", "scopes": ["manage"], "networks": ["127.0.0.0/8"]}
    child = Api(api.post("/me/tokens", {**body, "days": 9}).json()["token"])
    # Its last use is recorded, too.
    assert child.get("/me").status_code == 200
    texts = ("Laptop of Hilde", "127.0.0.")
    stored = _dump_database()
    assert [text for text in texts if text not in stored] == []
    assert owner_client.post("/account/delete", {"username": "acme"}).url == "/"
    stored = _dump_database()
    assert [text for text in texts if text in stored] == []
    entries = AuditEntry.objects.filter(action="token.created").order_by("id")
    first, second = owner.tokens.order_by("id")
    assert [entry.target for entry in entries] == [first.abbreviation, second.abbreviation]
    assert entries[1].details["networks"] == 1
    assert entries[1].details["parent"] == first.abbreviation


def _dump_database() -> str:
    models = apps.get_models(include_auto_created=True)
    return "\n".join(str(list(model.objects.values())) for model in models)


def test_the_last_owner_is_asked(owner_client: Client, owner: User, publisher: Publisher) -> None:
    publisher.publish("@acme/chat")
    assert b"You are the last owner of" in owner_client.get("/account/delete").content
    refused = owner_client.post("/account/delete", {"username": "acme"})
    assert (refused.status_code, b"@acme/chat" in refused.content) == (400, True)
    owner.refresh_from_db()
    assert owner.is_active
    form = {"username": "acme", "leave": "on"}
    assert owner_client.post("/account/delete", form).url == "/"
    owner.refresh_from_db()
    assert not owner.is_active
    assert Client().get("/plugins/@acme/chat").status_code == 200


def test_staff_do_not_delete_themselves(moderator: User) -> None:
    client = Client()
    client.force_login(moderator, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/account/delete", {"username": "maude"}).status_code == 400
    moderator.refresh_from_db()
    assert moderator.is_active


def _sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_last_owner_of_an_organization_is_refused(owner_client: Client, owner: User) -> None:
    harbor = build_organization(owner, "harbor", mel="member", otto="owner")
    build_organization(owner, "quay")
    # An operator has closed the account of the other owner.
    User.objects.filter(username="otto").update(is_active=False)
    page = owner_client.get("/account/delete").content
    for name in ("harbor", "quay"):
        assert f"/organizations/{name}/members".encode() in page
    assert b'name="username"' not in page
    # The box is for plugins only.
    form = {"username": "acme", "leave": "on"}
    assert owner_client.post("/account/delete", form).status_code == 400
    owner.refresh_from_db()
    assert (owner.is_active, owner.organization_memberships.count()) == (True, 2)
    change_person_role(
        actor=owner, organization=harbor, username="mel", role=OrganizationRole.OWNER
    )
    page = owner_client.get("/account/delete").content
    assert (b"/organizations/harbor/" in page, b"/organizations/quay/" in page) == (False, True)
    assert owner_client.post("/account/delete", form).status_code == 400
    # Nothing has ended before the refusal.
    assert owner.organization_memberships.count() == 2


def test_an_owner_leaves_an_organization_that_has_another(
    owner_client: Client, owner: User
) -> None:
    harbor = build_organization(owner, "harbor", otto="owner")
    assert owner_client.post("/account/delete", {"username": "acme"}).url == "/"
    assert [each.user.username for each in harbor.memberships.all()] == ["otto"]


def test_deleting_an_account_ends_what_it_has_in_organizations(
    owner: User, create_user: Any
) -> None:
    harbor = build_organization(owner, "harbor", mina="manager")
    create_scope(actor=owner, name="piers", owner=harbor.owner)
    build_team(owner, harbor, "@piers", Role.PUBLISHER, "mina")
    quay = build_organization(create_user("quentin"), "quay")
    mina = User.objects.get(username="mina")
    tide = create_user("tide")
    role = OrganizationRole.MEMBER
    invite_person(actor=mina, organization=harbor, addressee="tide", role=role)
    quentin = User.objects.get(username="quentin")
    invite_person(actor=quentin, organization=quay, addressee="mina", role=role)
    cliff = build_organization(create_user("clara"), "cliff")
    clara = User.objects.get(username="clara")
    invite_person(actor=clara, organization=cliff, addressee=mina.email, role=role)
    # Its sender may no longer invite: the account does not see it.
    OrganizationInvitation.objects.create(
        organization=build_organization(tide, "tides"),
        email=mina.email,
        key_sha256="0" * 64,
        role=role,
        invited_by=owner,
        expires_at=mina.date_joined,
    )
    assert _sign_in(mina).post("/account/delete", {"username": "mina"}).url == "/"
    assert not OrganizationMember.objects.filter(user=mina).exists()
    assert not TeamMember.objects.exists()
    assert not OrganizationInvitation.objects.exists()
    entries = AuditEntry.objects.filter(actor=mina, target_kind="organization")
    acts = sorted(entries.values_list("action", "target_name"))
    assert acts == [
        ("organization.invitation-declined", "cliff"),
        ("organization.invitation-declined", "quay"),
        ("organization.invited", "harbor"),
        ("organization.left", "harbor"),
    ]
    assert harbor.memberships.count() == 1


def test_an_account_that_was_closed_meanwhile_joins_nothing(owner: User, create_user: Any) -> None:
    harbor = build_organization(owner, "harbor")
    tide = create_user("tide")
    invitation = invite_person(
        actor=owner, organization=harbor, addressee="tide", role=OrganizationRole.MEMBER
    )
    # A request that was authenticated before.
    stale = User.objects.get(pk=tide.pk)
    assert _sign_in(tide).post("/account/delete", {"username": "tide"}).url == "/"
    with pytest.raises(UnknownOrganizationInvitationError):
        accept_organization_invitation(actor=stale, invitation_id=invitation.pk)
    # Also for one that was found before the account was closed.
    again = invite_person(
        actor=owner, organization=harbor, addressee="x@y.example", role=OrganizationRole.MEMBER
    )
    OrganizationInvitation.objects.filter(pk=again.pk).update(user=stale, email="", key_sha256=None)
    with pytest.raises(PasswordChangedError):
        accept_organization_invitation(actor=stale, invitation_id=again.pk)
    assert harbor.memberships.count() == 1


def test_the_export_has_organizations(owner_client: Client, owner: User, create_user: Any) -> None:
    harbor = build_organization(owner, "harbor")
    create_scope(actor=owner, name="piers", owner=harbor.owner)
    build_team(owner, harbor, "@piers", Role.PUBLISHER, "acme")
    quay = build_organization(create_user("quentin"), "quay")
    quentin = User.objects.get(username="quentin")
    invite_person(actor=quentin, organization=quay, addressee="acme", role=OrganizationRole.BILLING)
    content = b"".join(owner_client.get("/account/export").streaming_content)
    data = json.loads(content)
    [organization], [invitation] = data["organizations"], data["organizationInvitations"]
    assert (organization["name"], organization["role"], organization["teams"]) == (
        "harbor",
        "owner",
        ["dev"],
    )
    assert (invitation["organization"], invitation["role"]) == ("quay", "billing")
