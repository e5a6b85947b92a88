"""The account page: own plugins, uploads, tokens."""

from __future__ import annotations

import uuid

import pytest

from accounts.actions.tokens.create_token import create_token
from accounts.actions.tokens.record_token_use import record_token_use
from accounts.models import Token
from accounts.queries.tokens import get_token
from registry.jobs.runner import run_pending_jobs
from registry.models import Member, Plugin, Release, Scope
from registry.publishing.refresh import refresh_plugin
from tests.functional.api.calls import AWS_KEY
from tests.functional.pages.dom import Node, parse
from tests.support.people import create_api_token
from tests.support.publishing import build_package, publish_bytes

pytestmark = pytest.mark.django_db
PRIVATE = [
    "/account",
    "/account/tokens",
    "/account/security-log",
    "/audit",
    "/account/scopes",
    "/account/password",
    f"/publications/{uuid.UUID(int=1)}",
]


@pytest.mark.parametrize("path", PRIVATE)
def test_private_pages_require_signing_in(client, path):
    """Every private page redirects to the sign-in form and back."""
    response = client.get(path)
    assert (response.status_code, response.url) == (302, f"/login?next={path}")


@pytest.mark.parametrize("path", PRIVATE[:4])
def test_private_pages_are_not_stored(owner_client, path):
    """Private pages must not be cached."""
    assert "no-store" in owner_client.get(path).headers["Cache-Control"]


def test_plugins_with_their_latest_uploads(open_page, owner_client, owner, publisher):
    """Each plugin is listed with the state of its last upload."""
    publisher.publish("@acme/chat", "1.0.0")
    publisher.publish("@acme/chat", "1.1.0", files={"key.txt": AWS_KEY})
    publish_bytes(owner, build_package("@acme/new"))
    page = open_page("/account", by=owner_client)
    rows = {row.one("h3").text.split()[0]: row for row in page.by_class("own")}
    assert list(rows) == ["@acme/new", "@acme/chat"]
    chat = rows["@acme/chat"]
    assert chat.one("h3").text == "@acme/chat 1.0.0"
    facts = [
        fact.text for fact in chat.by_class("facts-line")[0].children if isinstance(fact, Node)
    ]
    assert facts[0] == "You are the owner"
    assert facts[1].startswith("Last upload 1.1.0 Rejected")
    actions = [link.text for link in chat.by_class("row-actions")[0].all("a")]
    assert actions == [
        "Versions",
        "Compare",
        "Security",
        "Stats",
        "Owners",
        "Checks of the last upload",
    ]
    assert "/plugins/@acme/chat" in chat.links
    # Nothing of this one is public yet: there is no page to lead to.
    assert "Last upload 1.0.0 Checking" in rows["@acme/new"].text
    upload, owners, checks = rows["@acme/new"].links
    assert upload == checks
    assert upload.startswith("/publications/")
    assert owners == "/plugins/@acme/new/owners"


def test_scopes_are_created_on_their_page(open_page, owner_client):
    page = open_page("/account", by=owner_client)
    assert "@acme" in page.text
    assert "/account/scopes" in page.links
    response = owner_client.post("/account/scopes", {"name": "@tide"}, follow=True)
    assert "The scope @tide is now yours." in parse(response.content.decode()).text
    assert "/@tide" in open_page("/account", by=owner_client).links
    publish_bytes(Scope.objects.get(name="tide").owner.user, build_package("@tide/chat"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("google", "is reserved: Google, search engine and cloud company."),
        ("ar", "official scope"),
        ("Two Words", "mean two-words ?"),
        ("", "required"),
    ],
)
def test_refused_scopes_are_explained(owner_client, name, message):
    response = owner_client.post("/account/scopes", {"name": name})
    assert response.status_code == 400
    assert message in parse(response.content.decode()).text
    assert not Scope.objects.exists()


def test_owners_of_your_plugins(open_page, client, owner, outsider, publisher):
    """Other owners are named; a maintainer reads who they are."""
    plugin = publisher.publish("@acme/chat").plugin
    member = plugin.members.create(holder=outsider.owner, role="maintainer")
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    assert "You are a maintainer Owner: acme" in open_page("/account").by_class("own")[0].text
    member.role = "owner"
    member.save()
    refresh_plugin(plugin.pk)
    words = f"You are an owner Owners: acme, {outsider.username}"
    assert words in open_page("/account").by_class("own")[0].text


def test_nothing_yet(open_page, owner_client, owner):
    """An empty account page explains what to do."""
    page = open_page("/account", by=owner_client)
    assert "You have not published any plugins yet." in page.text
    assert "You have no tokens." in page.text
    steps = page.by_class("steps")[0]
    commands = [line.raw for line in steps.all("code")]
    login = "plugport login --registry http://127.0.0.1:8000"
    assert commands == [login, "plugport init", "plugport publish"]
    assert steps.links == ["/account/tokens", "/install"]
    create_api_token(owner)
    steps = open_page("/account", by=owner_client).by_class("steps")[0]
    assert steps.links == ["/install"]


def test_only_your_own(open_page, client, outsider, publisher):
    """Plugins of other users are not listed."""
    publisher.publish("@acme/chat")
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    assert "@acme/chat" not in open_page("/account").text


def test_many_plugins_come_in_pages(open_page, owner_client, owner):
    """Fifty plugins per page."""
    plugins = [Plugin(name=f"p{n:03}", collision_key=f"p{n:03}") for n in range(60)]
    for plugin in Plugin.objects.bulk_create(plugins):
        Member.objects.create(plugin=plugin, holder=owner.owner, role="owner")
    first = open_page("/account", by=owner_client)
    assert len(first.by_class("own")) == 50
    follow = first.one("a", rel="next").attrs["href"]
    second = open_page("/account" + follow, by=owner_client)
    assert len(second.by_class("own")) == 10


def _make(client, **changes):
    form = {"name": "laptop", "scopes": ["read", "publish"], "limits": "", "days": "30"}
    return client.post("/account/tokens", {**form, **changes})


def test_token_is_shown_once(open_page, owner_client, owner):
    """The response to the form contains the token; no later page does."""
    response = _make(owner_client)
    page = parse(response.content.decode())
    text = page.by_class("install")[0].one("code").text
    token = get_token(text)
    assert (token.user, token.name, token.scopes) == (owner, "laptop", ["read", "publish"])
    assert "no-store" in response.headers["Cache-Control"]
    for path in ("/account/tokens", "/account"):
        later = open_page(path, by=owner_client).text
        assert text not in later
        assert text[:10] in later


def test_token_list(open_page, owner_client, owner):
    """Start, scopes, limit, last use, expiry."""
    _make(owner_client, limits="@acme/chat,\r\n@tide", networks="192.0.2.0/24", scopes=["publish"])
    [token] = open_page("/account/tokens", by=owner_client).by_class("token")
    assert token.one("h3").text.startswith("laptop pp_")
    assert token.by_class("token-permissions")[0].text == (
        "publish Only @acme/chat, @tide From 192.0.2.0/24"
    )
    facts = [node.text for node in token.by_class("facts-line")[0].all("span")]
    assert facts == ["Never used", "Expires in 30 days", "Created just now"]
    Token.objects.update(can_flag_releases=True)
    page = open_page("/account/tokens", by=owner_client)
    assert "An older token: it can also deprecate and yank." in page.text
    record_token_use(token=get_token(create_api_token(owner)), address="192.0.2.9")
    assert "just now from 192.0.2.9" in open_page("/account/tokens", by=owner_client).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 101}, "at most 100 characters"),
        ({"scopes": []}, "Select at least one permission."),
        ({"scopes": ["everything"]}, "everything"),
        ({"scopes": ["admin"]}, "admin"),
        ({"limits": "@acme NOT-A-NAME"}, "NOT-A-NAME"),
        ({"networks": "192.0.2.0/24 example.org"}, "example.org"),
        ({"days": ""}, "This field is required."),
        ({"days": "99999"}, "99999"),
        ({"days": "soon"}, "soon"),
    ],
)
def test_requests_that_cannot_be_granted(owner_client, changes, words):
    """Each error is shown at its field, the input stays, and no token is created."""
    response = _make(owner_client, **changes)
    assert response.status_code == 400
    page = parse(response.content.decode())
    assert words in " ".join(node.text for node in page.by_class("errorlist"))
    assert not Token.objects.exists()


def test_too_many_tokens(owner_client, owner, monkeypatch):
    """The error has the limit."""
    monkeypatch.setattr("accounts.actions.tokens.create_token.MAX_TOKENS", 1)
    create_api_token(owner)
    page = parse(_make(owner_client).content.decode())
    assert "An account can have at most 1 tokens." in page.one("div", role="alert").text


def test_regenerate(open_page, owner_client, owner):
    """The page shows the text of another token that can do the same, and the former one ends."""
    token, text = create_token(actor=owner, name="old", scopes=["publish"], limits=["@acme"])
    response = owner_client.post(f"/account/tokens/{token.pk}/regenerate")
    page = parse(response.content.decode())
    replacement = get_token(page.by_class("install")[0].one("code").text)
    assert (replacement.name, replacement.limits) == ("old", ["@acme"])
    assert len(page.by_class("token")) == 1
    with pytest.raises(Exception, match="unknown, expired or revoked"):
        get_token(text)


def test_regenerate_only_your_own(client, owner, outsider):
    """A token of another account is not found, and GET changes nothing."""
    token, _text = create_token(actor=owner, name="old", scopes=["read"])
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/account/tokens/{token.pk}/regenerate").status_code == 404
    assert client.get(f"/account/tokens/{token.pk}/regenerate").status_code == 405
    assert Token.objects.get().revoked_at is None


def test_moderators_can_select_admin(client, moderator):
    """Nobody else sees the scope."""
    client.force_login(moderator, backend="django.contrib.auth.backends.ModelBackend")
    assert _make(client, scopes=["admin"]).status_code == 200
    assert Token.objects.get().scopes == ["admin"]


def test_revoke(open_page, owner_client, owner):
    """A revoked token is not listed and does not authenticate."""
    token, text = create_token(actor=owner, name="old", scopes=["read"])
    response = owner_client.post(f"/account/tokens/{token.pk}/revoke", follow=True)
    assert "The token “old” was revoked." in response.content.decode()
    assert text[:10] not in response.content.decode()
    with pytest.raises(Exception, match="unknown, expired or revoked"):
        get_token(text)


def test_revoke_only_your_own(client, owner, outsider):
    """A token of another account is not found, and GET never revokes."""
    token, _text = create_token(actor=owner, name="old", scopes=["read"])
    client.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(f"/account/tokens/{token.pk}/revoke").status_code == 404
    assert client.get(f"/account/tokens/{token.pk}/revoke").status_code == 405
    assert Token.objects.get().revoked_at is None


def test_upload_page(open_page, owner_client, owner):
    """State, checks, findings; the page shows the running checks, then the result."""
    release = publish_bytes(owner, build_package("@acme/bad", files={"key.txt": AWS_KEY}))
    path = f"/publications/{release.public_id}"
    waiting = open_page(path, by=owner_client)
    assert "data-waiting" in waiting.one(id="publication").attrs
    assert "Checking." in waiting.text
    assert "Waiting" in waiting.by_class("checks")[0].text
    run_pending_jobs()
    done = open_page(path, by=owner_client)
    assert "data-waiting" not in done.one(id="publication").attrs
    assert "Rejected." in done.text
    assert "key.txt:1" in done.text
    assert "secret-token" in done.text
    assert not [link for link in done.links if link.startswith("/plugins/")]


def test_upload_page_of_a_published_release(open_page, owner_client, publisher):
    """It leads to the public page."""
    release = publisher.publish("@acme/chat")
    page = open_page(f"/publications/{release.public_id}", by=owner_client)
    assert "/plugins/@acme/chat/1.0.0" in page.links


def test_upload_page_is_for_members(open_page, client, outsider, moderator, publisher):
    """Others get a 404; moderators have access."""
    release = publisher.publish("@acme/chat")
    backend = "django.contrib.auth.backends.ModelBackend"
    client.force_login(outsider, backend=backend)
    open_page(f"/publications/{release.public_id}", status=404)
    open_page(f"/publications/{uuid.uuid4()}", status=404)
    client.force_login(moderator, backend=backend)
    open_page(f"/publications/{release.public_id}")


def test_page_of_a_reader_names_the_reader(open_page, owner_client):
    """The header shows who is signed in."""
    assert open_page("/", by=owner_client).one("nav", aria_label="Site").text.endswith("acme")
    assert Release.objects.count() == 0
