"""What a new password does to sessions and tokens."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from accounts.actions.set_password import set_password
from accounts.actions.tokens.create_token import create_token
from accounts.errors import PasswordChangedError
from accounts.models import AuditEntry, Token, User
from registry.actions.invitations.accept_invitation import accept_invitation
from registry.actions.invite_member import invite_member
from registry.errors import UnknownInvitationError
from registry.models import Invitation, Role
from tests.functional.pages.dom import parse
from tests.support.people import PASSWORD, bearer

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "staple of batteries 7"
NEW = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}


@pytest.fixture(autouse=True)
def _mail_in_memory(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.BASE_URL = "https://plugins.example.test"


@pytest.fixture
def tokens(owner) -> dict[str, str]:
    """The texts of two tokens of the owner by name."""
    return {
        name: create_token(actor=owner, name=name, scopes=["publish"])[1]
        for name in ("laptop", "release")
    }


def _is_usable(text: str) -> bool:
    status = Client().get("/api/v1/me", **bearer(text)).status_code
    assert status in (200, 401)
    return status == 200


def _is_signed_in(client: Client) -> bool:
    return client.get("/account").status_code == 200


def _sign_in() -> Client:
    client = Client()
    client.post("/login", {"login": "acme", "password": PASSWORD})
    assert _is_signed_in(client)
    return client


def _reset(email: str) -> Client:
    """Follow the link of the mail and set the new password."""
    client = Client()
    client.post("/password/reset", {"email": email})
    link = re.search(r"https://plugins\.example\.test(/password/reset/\S+)", mail.outbox[-1].body)
    assert link is not None
    path = client.get(link[1], follow=True).request["PATH_INFO"]
    response = client.post(path, NEW)
    assert response.headers["Location"] == "/password/reset/done"
    return client


def _change(client: Client, **values: Any) -> Any:
    return client.post("/account/password", {"oldpassword": PASSWORD, **NEW, **values})


def test_a_reset_revokes_all_sessions_and_tokens(owner, tokens, open_page):
    """Whoever had the account before has nothing left. The mail names the tokens."""
    thief = _sign_in()
    client = _reset(owner.email)
    assert (
        "all tokens of your account are revoked"
        in open_page("/password/reset/done", by=client).text
    )
    assert not _is_signed_in(thief)
    assert not any(map(_is_usable, tokens.values()))
    message = mail.outbox[-1]
    assert (message.to, message.subject) == (
        [owner.email],
        "[plugport] Your password was changed",
    )
    for name, text in tokens.items():
        assert f"- `{name}` ({text[:10]}…)" in message.body
    assert "kept" not in message.body
    actions = AuditEntry.objects.filter(actor=owner).values_list("action", flat=True)
    assert sorted(actions)[:1] == ["password.changed"]
    assert list(actions).count("token.revoked") == 2


@pytest.mark.parametrize("kind", ["reset", "change", "operator"])
def test_a_new_password_withdraws_invitations(owner_client, owner, publisher, outsider, kind):
    """A thief invites an accomplice, who would accept when the owner has recovered the account."""
    plugin = publisher.publish("@acme/chat").plugin
    invitation = invite_member(actor=owner, plugin=plugin, username="mallory", role=Role.OWNER)
    if kind == "reset":
        _reset(owner.email)
    elif kind == "change":
        _change(owner_client)
    else:
        set_password(user=owner, password=NEW_PASSWORD, by=None)
    with pytest.raises(UnknownInvitationError):
        accept_invitation(actor=outsider, invitation_id=invitation.pk)
    assert "- `mallory` as owner of `@acme/chat`" in mail.outbox[-1].body
    assert AuditEntry.objects.filter(action="invitation.withdrawn").exists()


def test_a_session_from_before_invites_nobody(owner, publisher, outsider):
    """As `test_a_session_from_before_creates_no_token`."""
    plugin = publisher.publish("@acme/chat").plugin
    stale = User.objects.get(pk=owner.pk)
    _reset(owner.email)
    with pytest.raises(PasswordChangedError):
        invite_member(actor=stale, plugin=plugin, username="mallory", role=Role.OWNER)
    assert not Invitation.objects.exists()


def test_a_reset_cannot_keep_a_token(owner, tokens, open_page):
    """Not even with the field of the other form."""
    client = Client()
    client.post("/password/reset", {"email": owner.email})
    link = re.search(r"(/password/reset/key/\S+)", mail.outbox[-1].body)
    assert link is not None
    page = client.get(link[1], follow=True)
    assert b"kept_tokens" not in page.content
    kept = list(Token.objects.values_list("pk", flat=True))
    client.post(page.request["PATH_INFO"], {**NEW, "kept_tokens": kept})
    assert not any(map(_is_usable, tokens.values()))


def test_a_victim_recovers_an_address(client, open_page):
    """Someone signs up with a victim's address; the victim resets the password."""
    form = {"username": "tide", "email": "victim@example.test"}
    thief = Client()
    old = {"password1": PASSWORD, "password2": PASSWORD}
    assert thief.post("/signup", {**form, **old}).headers["Location"] == "/account"
    thief.post("/account/tokens", {"name": "later", "scopes": ["publish"], "days": ""})
    assert not Token.objects.exists()
    _reset("victim@example.test")
    assert not _is_signed_in(thief)
    # The mail proved the address.
    assert User.objects.get().is_verified
    response = client.post("/login", {"login": "victim@example.test", "password": NEW_PASSWORD})
    assert response.headers["Location"] == "/account"


def test_a_reset_does_not_take_a_verified_address(create_user):
    """A link to an address that another account verified in the meantime verifies nothing."""
    user = create_user("tide", is_verified=False)
    client = Client()
    client.post("/password/reset", {"email": user.email})
    link = re.search(r"(/password/reset/key/\S+)", mail.outbox[-1].body)
    assert link is not None
    other = create_user("other")
    User.objects.filter(pk=other.pk).update(email=user.email)
    client.post(client.get(link[1], follow=True).request["PATH_INFO"], NEW)
    user.refresh_from_db()
    assert (user.check_password(NEW_PASSWORD), user.is_verified) == (True, False)


def test_a_change_ends_other_sessions_and_revokes_tokens(owner_client, owner, tokens, open_page):
    """By default no token survives; the own session does."""
    other = _sign_in()
    page = open_page("/account/password", by=owner_client)
    boxes = page.all("input", name="kept_tokens")
    assert len(boxes) == 2
    assert not any("checked" in box.attrs for box in boxes)
    assert _change(owner_client).headers["Location"] == "/account"
    assert _is_signed_in(owner_client)
    assert not _is_signed_in(other)
    assert not any(map(_is_usable, tokens.values()))
    assert "These tokens are revoked:\n\n- `release`" in mail.outbox[-1].body


def test_a_change_keeps_named_tokens(owner_client, owner, tokens):
    """Those whose boxes are checked. The mail says which."""
    kept = Token.objects.get(name="release")
    _change(owner_client, kept_tokens=[kept.pk])
    assert _is_usable(tokens["release"])
    assert not _is_usable(tokens["laptop"])
    body = mail.outbox[-1].body
    assert body.index("revoked:") < body.index("`laptop`") < body.index("kept and still work:")
    assert body.index("kept and still work:") < body.index("`release`")


def test_other_ids_are_refused(owner_client, owner, outsider, tokens):
    """Tokens of other accounts and revoked ones; the password stays."""
    foreign, _text = create_token(actor=outsider, name="foreign", scopes=["read"])
    revoked = Token.objects.get(name="laptop")
    Token.objects.filter(pk=revoked.pk).update(revoked_at=revoked.created_at)
    for pk in (foreign.pk, revoked.pk, "x", 10**30):
        response = _change(owner_client, kept_tokens=[pk])
        page = parse(response.content.decode())
        assert "Select a valid choice." in page.by_class("errorlist")[0].text
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)
    assert _is_usable(tokens["release"])


def test_a_wrong_old_password_revokes_nothing(owner_client, owner, tokens):
    """The form is checked first."""
    response = _change(owner_client, oldpassword="wrong")
    assert b"errorlist" in response.content
    assert all(map(_is_usable, tokens.values()))


def test_without_tokens_there_is_no_list(owner_client, owner, open_page):
    """The mail does not mention them either."""
    assert "Tokens to keep" not in open_page("/account/password", by=owner_client).text
    _change(owner_client)
    assert "revoked:" not in mail.outbox[-1].body


def test_many_tokens_make_a_short_mail(owner_client, owner):
    """At most fifty names. Those that had expired are not named."""
    Token.objects.bulk_create(
        Token(user=owner, name=f"t-{n}", start="pp_abc", sha256=str(n)) for n in range(60)
    )
    Token.objects.create(user=owner, name="old", expires_at="2020-01-01T00:00:00Z")
    _change(owner_client)
    body = mail.outbox[-1].body
    assert body.count("\n- `t-") == 50
    assert "- and 10 more" in body
    assert "old" not in body
    assert not Token.objects.filter(revoked_at=None).exists()


def test_names_of_tokens_are_quoted(owner_client, owner):
    """A thief may have chosen them."""
    create_token(actor=owner, name="a\nSubject: b\u202e", scopes=["read"])
    _change(owner_client)
    assert "`a\\x0aSubject: b\\u202e`" in mail.outbox[-1].body


def test_a_mail_that_cannot_be_sent(owner_client, owner, tokens, settings):
    """The password is changed all the same."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert _change(owner_client).headers["Location"] == "/account"
    assert not any(map(_is_usable, tokens.values()))


def test_a_session_from_before_creates_no_token(owner):
    """A request that was authenticated before the reset, and continues after it."""
    stale = User.objects.get(pk=owner.pk)
    _reset(owner.email)
    with pytest.raises(PasswordChangedError):
        create_token(actor=stale, name="late", scopes=["publish"])
    assert not Token.objects.exists()


def test_the_admin_has_no_form_of_its_own(create_user):
    """Django's form for staff revokes no tokens."""
    admin = Client()
    admin.force_login(
        create_user("root", is_staff=True, is_superuser=True),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    form = {"old_password": PASSWORD, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    for response in (
        admin.get("/admin/password_change/"),
        admin.post("/admin/password_change/", form),
    ):
        assert response.headers["Location"] == "/account/password"
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize("has_password", [True, False])
def test_an_operator_sets_a_password(owner, tokens, create_user, has_password):
    """In the admin: as after a reset. The mail says who it was."""
    admin = Client()
    admin.force_login(
        create_user("root", is_staff=True, is_superuser=True),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    thief = _sign_in()
    button = "set-password" if has_password else "unset-password"
    usable = "true" if has_password else "false"
    form = {**NEW, "usable_password": usable, button: "1"}
    response = admin.post(f"/admin/accounts/user/{owner.pk}/password/", form)
    assert response.status_code == 302, response.content
    owner.refresh_from_db()
    assert owner.check_password(NEW_PASSWORD) == has_password
    assert not _is_signed_in(thief)
    assert not any(map(_is_usable, tokens.values()))
    assert "An operator of https://plugins.example.test set the password" in mail.outbox[-1].body


def test_the_command_revokes_tokens(owner, tokens, monkeypatch):
    """`manage.py changepassword`."""
    thief = _sign_in()
    monkeypatch.setattr("getpass.getpass", lambda prompt: NEW_PASSWORD)
    out = StringIO()
    call_command("changepassword", "acme", stdout=out)
    assert "All sessions have ended. Revoked tokens: 2." in out.getvalue()
    assert not _is_signed_in(thief)
    assert not any(map(_is_usable, tokens.values()))
