"""Sign-in with another website, against a GitLab server made for the test."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.test import Client

from accounts.models import User
from accounts.security.organization_session import ORGANIZATION_KEY
from common.http.private_hosts import PrivateHosts
from tests.support.organizations import build_organization
from tests.support.people import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_home")]


class GitLab(HTTPServer):
    """Answers two requests: the code for a token, and who has the token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.profile: dict[str, Any] = {"id": 7, "username": "tide", "email": "acme@example.test"}
        self.forms: list[dict[str, list[str]]] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: GitLab

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.forms.append(parse_qs(body))
        self._respond({"access_token": "secret-of-gitlab", "token_type": "bearer"})

    def do_GET(self) -> None:
        self._respond(self.server.profile)

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def _respond(self, value: dict[str, Any]) -> None:
        content = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def gitlab(settings: Any) -> Iterator[GitLab]:
    server = GitLab()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    app = {"client_id": "us", "secret": "hidden", "key": "", "settings": {"gitlab_url": server.url}}
    settings.SOCIALACCOUNT_PROVIDERS = {"gitlab": {"APPS": [app], "SCOPE": ["read_user"]}}
    settings.SSO_PRIVATE_HOSTS = PrivateHosts.parse([f"127.0.0.1:{server.server_port}"])
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _start(client: Client, **form: str) -> dict[str, list[str]]:
    response = client.post("/login/with/gitlab", form)
    assert response.status_code == 302, response.content
    return parse_qs(urlsplit(response.url).query)


def _sign_in(client: Client, **form: str) -> Any:
    state = _start(client, **form)["state"][0]
    return client.get("/login/with/gitlab/callback", {"code": "x", "state": state})


def test_it_is_off_until_configured(client: Client, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    for path in ("/login/with/gitlab", "/login/with/github", "/login/with/github/callback"):
        assert client.post(path).status_code == 404
    assert b"GitLab" not in client.get("/login").content


def test_a_new_person_chooses_a_name(client: Client, gitlab: GitLab) -> None:
    assert b"GitLab" in client.get("/login").content
    sent = _start(client)
    assert sent["redirect_uri"] == ["https://plugins.example.test/login/with/gitlab/callback"]
    assert _sign_in(client).url == "/signup/with"
    assert gitlab.forms[0]["client_id"] == ["us"]
    response = client.post("/signup/with", {"username": "tide", "email": "tide@example.test"})
    assert response.url == "/account"
    user = User.objects.get(username="tide")
    # GitLab does not say that it verified the address.
    assert (user.is_verified, user.has_usable_password()) == (False, False)
    assert "/account/email/key/" in mail.outbox[0].body
    assert "secret-of-gitlab" not in str(list(SocialAccount.objects.values()))
    again = Client()
    assert _sign_in(again).url == "/account"


def test_an_account_is_not_found_by_its_address(
    client: Client, gitlab: GitLab, owner: User
) -> None:
    """The address of the profile is that of an account of another person, here."""
    assert _sign_in(client).url == "/signup/with"
    client.post("/signup/with", {"username": "mallory", "email": owner.email})
    stranger = User.objects.get(username="mallory")
    assert not stranger.is_verified
    assert SocialAccount.objects.get().user == stranger
    assert "already belongs to your account acme" in mail.outbox[-1].body


def test_a_name_that_is_taken(client: Client, gitlab: GitLab, owner: User) -> None:
    _sign_in(client)
    response = client.post("/signup/with", {"username": "acme", "email": "t@example.test"})
    assert response.status_code == 200
    assert b"errorlist" in response.content


def test_only_the_owner_links_a_site(owner_client: Client, owner: User, gitlab: GitLab) -> None:
    assert _sign_in(owner_client, process="connect").url == "/account/sites"
    assert SocialAccount.objects.get().user == owner
    assert "GitLab can now sign in" in mail.outbox[-1].body
    assert _sign_in(Client()).url == "/account"
    link = SocialAccount.objects.get()
    assert owner_client.post(f"/account/sites/{link.pk}/unlink").url == "/account/sites"
    assert not SocialAccount.objects.exists()


def test_a_session_of_an_organization_links_no_site(owner: User, gitlab: GitLab) -> None:
    """Those who run its identity provider can open one, and would get into the account by the site."""
    client = Client()
    client.force_login(owner)
    session = client.session
    session[ORGANIZATION_KEY] = build_organization(owner, "harbor").pk
    session.save()
    for path in ("/login/with/gitlab", "/login/with/gitlab/callback"):
        response = client.post(path, {"process": "connect"})
        assert response.status_code == 403
        assert b"reaches this organization alone" in response.content
    assert not SocialAccount.objects.exists()


def test_linking_needs_a_confirmation(owner_client: Client, gitlab: GitLab) -> None:
    session = owner_client.session
    session["confirmed"] = [session["confirmed"][0], session["confirmed"][1] - 301]
    session.save()
    response = owner_client.post("/login/with/gitlab", {"process": "connect"})
    assert response.url.startswith("/account/confirm")


def test_the_only_way_to_sign_in_stays(owner_client: Client, owner: User, gitlab: GitLab) -> None:
    _sign_in(owner_client, process="connect")
    User.objects.update(password="!")
    owner.refresh_from_db()
    owner_client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    link = SocialAccount.objects.get()
    owner_client.post(f"/account/sites/{link.pk}/unlink")
    assert SocialAccount.objects.exists()


@pytest.mark.parametrize("state", ["", "x", "other"])
def test_answers_without_our_question_are_refused(gitlab: GitLab, state: str) -> None:
    """A link with the code of another person would sign a victim in to that person's account."""
    if state == "other":
        state = _start(Client())["state"][0]
    client = Client()
    response = client.get("/login/with/gitlab/callback", {"code": "x", "state": state})
    assert (response.status_code, b"failed" in response.content) == (401, True)
    assert gitlab.forms == []
    assert client.get("/account").status_code == 302


@pytest.mark.parametrize("profile", [{}, {"id": None}, {"error": "x"}, []])
def test_broken_profiles_are_refused(client: Client, gitlab: GitLab, profile: Any) -> None:
    gitlab.profile = profile
    assert _sign_in(client).status_code == 401
    assert not SocialAccount.objects.exists()


def test_a_second_factor_is_asked_for(owner_client: Client, owner: User, gitlab: GitLab) -> None:
    from tests.support.factors import add_app

    _sign_in(owner_client, process="connect")
    add_app(owner)
    assert _sign_in(Client()).url == "/login/factor"
    assert Client().post("/login", {"login": "acme", "password": PASSWORD}).url == "/login/factor"
