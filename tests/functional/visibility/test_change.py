"""Owners change who sees a plugin or the plugins of a scope, after a preview; at once and everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from marketplace.search import indexer
from registry.actions.feature_plugin import feature_plugin
from registry.models import Category, Job, JournalEntry, Member, Plugin, Role, Scope
from tests.support.people import bearer, create_api_token, create_user
from tests.support.publishing import Publisher

NAME = "@acme/zqchat"
PATH = f"/api/v1/plugins/{NAME}/visibility"


def put(client: Client, user: User, visibility: Any, path: str = PATH, **token: Any) -> Any:
    """Change the visibility over the API."""
    return client.put(
        path,
        {"visibility": visibility},
        content_type="application/json",
        **bearer(create_api_token(user, **token)),
    )


def is_anywhere(client: Client) -> bool:
    """Whether a visitor finds the plugin by its name, in a list, or in a search."""
    indexer.index_changes()
    paths = ("/api/v1/plugins?q=zqchat", "/feeds/updates.atom", "/@acme", "/search?tag=zqtag")
    found = {NAME in client.get(path).content.decode() for path in paths}
    found.add(client.get(f"/plugins/{NAME}").status_code == 200)
    assert len(found) == 1
    return found.pop()


@pytest.fixture
def plugin(publisher: Publisher) -> Plugin:
    publisher.publish(NAME, categories=["zqcategory"])
    publisher.publish(NAME, "2.0.0", categories=["zqcategory"])
    return Plugin.objects.get(name=NAME)


def test_going_private_and_public_again_changes_everything_at_once(
    plugin: Plugin, owner: User, moderator: User, client: Client, settings: Any
) -> None:
    settings.PURGE_URL = "http://127.0.0.1:1/{key}"
    feature_plugin(actor=moderator, plugin=plugin)
    assert client.get(f"/plugins/{NAME}").status_code == 200
    response = put(client, owner, "private")
    assert (response.status_code, response.json()["visibility"]) == (200, "private")
    assert client.get(f"/plugins/{NAME}").status_code == 404
    assert client.get(f"/api/v1/plugins/{NAME}/2.0.0/download").status_code == 404
    assert not Category.objects.filter(plugin_count__gt=0).exists()
    assert client.get("/api/v1/plugins/featured").json() == {"plugins": []}
    assert not JournalEntry.objects.exclude(event__in=["plugin.withdrawn", "release.published"])
    keys = Job.objects.filter(key__startswith=f"plugin-{plugin.pk}-").values_list("kind", flat=True)
    assert list(keys) == ["purge-cache"] * 2
    indexer.index_changes()
    assert client.get("/api/v1/plugins?q=zqchat").json()["pagination"]["total"] == 0
    assert put(client, owner, "public").status_code == 200
    assert client.get(f"/plugins/{NAME}").status_code == 200
    indexer.index_changes()
    assert client.get("/api/v1/plugins?q=zqchat").json()["pagination"]["total"] == 1
    audit = AuditEntry.objects.filter(action="plugin.visibility-changed").order_by("pk")
    assert [(each.target, each.actor_id) for each in audit] == [(NAME, owner.pk)] * 2


def test_releases_published_while_private_are_announced_when_it_becomes_public(
    publisher: Publisher, client: Client
) -> None:
    publisher.publish(NAME, visibility="private", tags=["zqtag"])
    publisher.publish(NAME, "2.0.0", tags=["zqtag"])
    assert not JournalEntry.objects.exists()
    assert not is_anywhere(client)
    assert put(client, publisher.actor, "public").status_code == 200
    entries = JournalEntry.objects.order_by("serial").values_list("event", "version")
    assert list(entries) == [
        ("release.published", "1.0.0"),
        ("release.published", "2.0.0"),
        ("plugin.published", ""),
    ]
    assert is_anywhere(client)


def test_how_it_is_published_is_not_announced_while_it_is_private(
    publisher: Publisher, client: Client
) -> None:
    publisher.publish(NAME, visibility="private")
    path, headers = f"/api/v1/plugins/{NAME}/publishing", bearer(create_api_token(publisher.actor))

    def change(value: bool) -> int:
        body = {"trustedPublishingOnly": value}
        return client.patch(path, body, content_type="application/json", **headers).status_code

    assert change(True) == 200
    assert not JournalEntry.objects.exists()
    assert put(client, publisher.actor, "public").status_code == 200
    assert change(False) == 200
    assert JournalEntry.objects.get(event="plugin.edited").plugin == NAME


def test_a_plugin_that_was_never_published_gets_no_document(publisher: Publisher) -> None:
    from tests.support.publishing import build_package, publish_bytes

    release = publish_bytes(publisher.actor, build_package(NAME), visibility="private")
    response = put(Client(), publisher.actor, "public")
    assert response.status_code == 200
    assert Plugin.objects.get(pk=release.plugin_id).document == {}
    assert Client().get(f"/plugins/{NAME}").status_code == 404


def test_only_owners_change_it(
    plugin: Plugin, owner: User, moderator: User, client: Client
) -> None:
    mia = create_user("mia")
    Member.objects.create(plugin=plugin, holder=mia.owner, role=Role.MAINTAINER)
    for user in (mia, moderator, create_user("sam")):
        assert put(client, user, "private").json()["code"] == "not-a-member"
    assert put(client, owner, "private", limit="@acme/other").json()["code"] == "token-scope"
    assert put(client, owner, "private").status_code == 200
    for user in (create_user("pat"), create_user("kim")):
        assert put(client, user, "public").status_code == 404
    assert put(client, mia, "public").status_code == 403


def test_the_preview_names_who_will_see_it_and_what_it_breaks(
    publisher: Publisher, plugin: Plugin, client: Client
) -> None:
    pat = create_user("pat")
    Member.objects.create(plugin=plugin, holder=pat.owner, role=Role.PUBLISHER)
    publisher.publish("@acme/needs-it", dependencies={"plugins": {NAME: "*"}})
    headers = bearer(create_api_token(publisher.actor))
    public, internal, private = client.get(PATH, **headers).json()["choices"]
    assert private["people"] == ["acme", "pat"]
    assert private["dependents"] == internal["dependents"] == ["@acme/needs-it"]
    assert public["dependents"] == []
    assert put(client, publisher.actor, "private").status_code == 200
    path = "/api/v1/plugins/@acme/needs-it/visibility"
    public, _internal, private = client.get(path, **headers).json()["choices"]
    assert public["dependencies"] == [NAME]
    assert private["dependencies"] == []


def test_an_unscoped_plugin_stays_public(publisher: Publisher, client: Client) -> None:
    publisher.publish("unscoped")
    path = "/api/v1/plugins/unscoped/visibility"
    response = put(client, publisher.actor, "private", path)
    assert (response.status_code, response.json()["code"]) == (400, "invalid-visibility")


def test_a_scope_narrows_its_plugins_and_widens_none(
    publisher: Publisher, plugin: Plugin, client: Client
) -> None:
    publisher.publish("@acme/secret", visibility="private")
    path = "/api/v1/scopes/acme/visibility"
    headers = bearer(create_api_token(publisher.actor))
    choices = client.get(path, **headers).json()["choices"]
    assert [choice["plugins"] for choice in choices] == [[], [NAME], [NAME]]
    response = put(client, publisher.actor, "internal", path)
    assert (response.status_code, response.json()["visibility"]) == (200, "internal")
    found = dict(Plugin.objects.values_list("name", "visibility"))
    assert found == {NAME: "internal", "@acme/secret": "private"}
    # As of an account without a scope.
    profile = client.get("/@acme").content.decode()
    assert "acme has no listed plugins." in profile
    assert "<dt>Scope" not in profile
    response = put(client, publisher.actor, "public")
    assert (response.status_code, response.json()["code"]) == (409, "visibility-conflict")
    assert put(client, publisher.actor, "public", path).status_code == 200
    assert Plugin.objects.get(name=NAME).visibility == "internal"
    assert put(client, create_user("sam"), "private", path).status_code == 404
    limited = put(client, publisher.actor, "private", path, limit=NAME)
    assert limited.json()["code"] == "token-scope"


def test_the_page_previews_and_changes(plugin: Plugin, owner: User, client: Client) -> None:
    page = f"/plugins/{NAME}/visibility"
    assert client.get(page).status_code == 302
    client.force_login(owner)
    assert "Show what changes" in client.get(page).content.decode()
    preview = client.get(f"{page}?to=private").content.decode()
    assert "Make it private" in preview
    assert "stays with them" in preview
    assert client.get(f"{page}?to=secret").status_code == 400
    text = client.post(page, {"visibility": "private"}, follow=True).content.decode()
    assert f"{NAME} is private now." in text
    assert client.post(page, {"visibility": "x"}, follow=True).status_code == 200
    assert Plugin.objects.get(name=NAME).visibility == "private"
    scope_page = "/account/scopes/acme/visibility"
    assert "Make it private" in client.get(f"{scope_page}?to=private").content.decode()
    client.post(scope_page, {"visibility": "private"})
    assert Scope.objects.get(name="acme").visibility == "private"
    client.force_login(create_user("sam"))
    assert client.get(page).status_code == 404
    assert client.get(scope_page).status_code == 404
