"""The pages of trusted and staged publishing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import RegisteredIssuer, User
from registry.jobs.runner import run_pending_jobs
from registry.models import Member, Plugin, Release, Role, TrustedPublisher
from registry.models.states import ReleaseState
from tests.functional.pages.dom import Node, parse
from tests.support.issuer import Issuer, open_issuer
from tests.support.people import create_user
from tests.support.publishing import Publisher, build_package, publish_bytes

PAGE = "/plugins/@acme/chat/publishing"
FIELDS = {
    "action": "add",
    "provider": "github",
    "repository": "acme/chat",
    "workflow": "release.yml",
}


@pytest.fixture
def plugin(publisher: Publisher) -> Plugin:
    return publisher.publish("@acme/chat").plugin


@pytest.fixture
def ci(settings: Any) -> Iterator[Issuer]:
    with open_issuer(settings) as issuer:
        settings.CI_ISSUERS = {"github": [issuer.url], "gitlab": []}
        issuer.serve("/api/v3/repos/acme/chat", {"id": 11, "owner": {"id": 7}})
        yield issuer


@pytest.fixture
def browser(owner: User) -> Client:
    """Signed in a moment ago, so that no password is asked for."""
    client = Client()
    client.force_login(owner)
    return client


def open_page(client: Client, path: str, status: int = 200) -> Node:
    response = client.get(path)
    assert response.status_code == status, response.content[:500]
    return parse(response.content.decode())


def send(client: Client, path: str, fields: dict[str, Any], status: int = 200) -> Node:
    response = client.post(path, fields, follow=True)
    assert response.status_code == status, response.content[:500]
    return parse(response.content.decode())


def test_a_job_is_added_and_removed(plugin: Plugin, browser: Client, ci: Issuer) -> None:
    page = send(browser, PAGE, FIELDS)
    assert "Jobs of acme/chat may publish @acme/chat." in page.text
    publisher = TrustedPublisher.objects.get()
    assert (publisher.plugin, publisher.repository_id) == (plugin, "11")
    assert "release.yml" in open_page(browser, PAGE).text
    send(browser, PAGE, FIELDS, status=409)
    page = send(browser, PAGE, {"action": "remove", "id": publisher.pk})
    assert "No CI job may publish this plugin without a token." in page.text


def test_errors_are_at_their_fields(plugin: Plugin, browser: Client, ci: Issuer) -> None:
    page = send(browser, PAGE, {**FIELDS, "repository": "acme", "owner_id": "x"}, status=400)
    assert "It is not valid. Allowed: owner/name ." in page.text
    assert "The id is not a number." in page.text
    send(browser, PAGE, {**FIELDS, "provider": "other"}, status=400)
    assert not TrustedPublisher.objects.exists()


def test_the_rules_are_saved(plugin: Plugin, browser: Client) -> None:
    send(browser, PAGE, {"action": "rules", "trusted_only": "on"})
    plugin.refresh_from_db()
    assert (plugin.trusted_publishing_only, plugin.stages_trusted_releases) == (True, False)
    send(browser, PAGE, {"action": "rules", "stages_trusted": "on"})
    plugin.refresh_from_db()
    assert (plugin.trusted_publishing_only, plugin.stages_trusted_releases) == (False, True)
    send(browser, PAGE, {"action": "unknown"})


def test_only_owners_and_maintainers_see_the_page(
    plugin: Plugin, outsider: User, moderator: User
) -> None:
    pat = create_user("pat")
    Member.objects.create(plugin=plugin, holder=pat.owner, role=Role.PUBLISHER)
    for user in (outsider, moderator, pat):
        client = Client()
        client.force_login(user)
        open_page(client, PAGE, status=403)
        assert client.post(PAGE, {"action": "rules"}).status_code == 403
        assert "Publishing" not in open_page(client, "/plugins/@acme/chat/owners").one("h1").text
    assert Client().get(PAGE).headers["Location"].startswith("/login")


def test_changes_ask_for_the_password_again(plugin: Plugin, browser: Client, settings: Any) -> None:
    settings.CONFIRMATION_SECONDS = 0
    for path, fields in (
        (PAGE, {"action": "rules", "trusted_only": "on"}),
        ("/account/publishing", {"action": "add-issuer", "url": "https://ci.example.test"}),
    ):
        response = browser.post(path, fields)
        assert response.headers["Location"].startswith("/account/confirm?next=")
        assert "Continue" in open_page(browser, path).text
    assert not RegisteredIssuer.objects.exists()


def test_a_new_plugin_is_prepared_on_the_account_page(browser: Client, ci: Issuer) -> None:
    page = send(browser, "/account/publishing", {**FIELDS, "name": "new-tool"})
    assert "Jobs of acme/chat may publish new-tool." in page.text
    publisher = TrustedPublisher.objects.get()
    send(browser, "/account/publishing", {**FIELDS, "name": "login"}, status=400)
    send(browser, "/account/publishing", {**FIELDS, "name": "x y"}, status=400)
    page = send(browser, "/account/publishing", {"action": "remove", "id": publisher.pk})
    assert "No CI job may create a plugin for you." in page.text


def test_an_issuer_is_registered_and_used(plugin: Plugin, browser: Client) -> None:
    url = "https://ci.example.test"
    send(browser, "/account/publishing", {"action": "add-issuer", "url": "http://x"}, status=400)
    page = send(browser, "/account/publishing", {"action": "add-issuer", "url": url})
    assert f"{url} is registered for your plugins." in page.text
    fields = {"action": "add", "provider": "oidc", "issuer": url, "claims": "sub=job\nteam = a"}
    send(browser, PAGE, fields)
    assert TrustedPublisher.objects.get().claims == {"sub": "job", "team": "a"}
    issuer = RegisteredIssuer.objects.get()
    send(browser, "/account/publishing", {"action": "remove-issuer", "id": issuer.pk})
    assert not RegisteredIssuer.objects.exists()


def test_a_staged_release_is_decided_on_its_page(
    plugin: Plugin, owner: User, browser: Client
) -> None:
    for version, decision, state in (
        ("2.0.0", "approve", ReleaseState.PUBLISHED),
        ("3.0.0", "discard", ReleaseState.REJECTED),
    ):
        release = publish_bytes(owner, build_package(version=version))
        Release.objects.filter(pk=release.pk).update(
            needs_approval=True, publisher_run={"provider": "github", "repository": "acme/chat"}
        )
        run_pending_jobs()
        path = f"/publications/{release.public_id}"
        page = open_page(browser, path)
        assert "Approve and publish" in page.text
        assert "GitHub Actions, acme/chat" in page.text
        send(browser, f"{path}/decide", {"decision": "maybe"})
        send(browser, f"{path}/decide", {"decision": decision})
        release.refresh_from_db()
        assert release.state == state
        assert "Approve and publish" not in open_page(browser, path).text
    assert "GitHub Actions, acme/chat" in open_page(browser, "/plugins/@acme/chat/2.0.0").text


def test_publishers_cannot_approve(plugin: Plugin, owner: User) -> None:
    pat = create_user("pat")
    Member.objects.create(plugin=plugin, holder=pat.owner, role=Role.PUBLISHER)
    release = publish_bytes(owner, build_package(version="2.0.0"))
    Release.objects.filter(pk=release.pk).update(needs_approval=True)
    run_pending_jobs()
    client = Client()
    client.force_login(pat)
    path = f"/publications/{release.public_id}"
    assert "Approve and publish" not in open_page(client, path).text
    page = send(client, f"{path}/decide", {"decision": "approve"})
    assert "Only owners and maintainers may approve releases" in page.text
    release.refresh_from_db()
    assert release.state == ReleaseState.STAGED
