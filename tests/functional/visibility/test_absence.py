"""What is not public is absent for everyone else: in texts, counts, headers, and queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import User
from marketplace.search import indexer
from registry.actions import flag_release
from registry.actions.edit_plugin import edit_plugin
from registry.models import JournalEntry, Member, Plugin, Release, Role, Scope
from tests.support.people import bearer, create_api_token, create_user
from tests.support.publishing import Publisher

# As long as each other, and similar to no other name.
SECRET, UNKNOWN = "@acme/zqsecret-of-some-people", "@acme/zqabsent-of-some-people"
# Each word is in one field that an author writes.
FIELDS: Mapping[str, Any] = {
    "displayName": "zqdisplay",
    "description": "What zqdescription does, in one sentence.",
    "homepage": "https://zqhomepage.example.test/",
    "author": {"name": "Zqauthor"},
    "license": "MIT",
    "categories": ["zqcategory", "communication"],
    "tags": ["zqtag", "talk"],
    "dependencies": {"plugins": {"@acme/open": "*"}},
}
FILES = {
    "README.md": "# Zqtitle\n\nzqreadme\n\n![logo](logo.png)\n",
    "logo.png": b"\x89PNG\r\n\x1a\n" + b"zqimage" * 4,
}
# Of the operator, or the same on every registry.
_FIXED = (
    *("admin/", "static/", "^static", "api/v1/openapi", "docs", "simple", "-/", "account", "login"),
    *("logout", "password", "signup", "publications/", "images/", "healthz", "readyz", "api/v1/me"),
)
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# For those who may change the plugin.
_MANAGED = ("visibility", "publishing", "transfer", "trusted-publishers")
_WORD = re.compile(r"zq[a-z]+", re.IGNORECASE)
# What differs from one response to the next.
_VOLATILE = re.compile(
    r'nonce-[\w+/=-]+|csrf\w*" value="\w+"|[0-9a-f]{32}|just now|\d+ (minute|second)s? ago'
)
_QUERIES = (
    *("search", "search?q=zqdisplay", "search?q=zqsecret", "search?category=zqcategory"),
    *("search?q=communication", "search?author=Zqauthor", "search?tag=talk&sort=recent"),
    *("api/v1/plugins", "api/v1/plugins?q=zqdescription", "api/v1/plugins?tag=zqtag"),
    *("api/v1/plugins?q=zqsecrat-of-some", "api/v1/plugins?author=Zqauthor&sort=name"),
    *("api/v1/suggest?q=zq", "api/v1/suggest?q=@acme/", "api/v1/plugins/popular?limit=100"),
    *("plugins/@acme/zqsecret-of-some-peopl", "plugins/acme/zqsecret-of-some-people"),
    *("plugins/zqsecret-of-some-people", "@acme/zqsecret-of-some-people", "zqsecret"),
    *("api/v1/plugins/acme/zqsecret-of-some-people", "plugins/@acme/open/dependents"),
    *("plugins/@acme/open/dependencies", "api/v1/plugins/@acme/open/dependents"),
    *("plugins/@acme/open", "feeds/plugins/@acme/open.atom", "plugins/@acme/open/stats"),
)


def list_routes() -> list[str]:
    """Every route of the site and the API, without the operator's."""
    routes = set()
    for route in _iter_routes(get_resolver()):
        # Without the alias of the API under `/api`.
        is_alias = route.startswith("api/") and not route.startswith("api/v1/")
        if not is_alias and not route.startswith(_FIXED):
            routes.add(route.replace("^", "").replace("\\Z", ""))
    return sorted(routes)


def _iter_routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _iter_routes(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


def fill(route: str, name: str = "@acme/open") -> str:
    values = {
        "name": "acme" if route.startswith("feeds/scopes/") else name,
        "version": "1.0.0",
        "path": "logo.png" if "raw" in route else "README.md",
        "username": "acme",
        "owner": "acme",
        "slug": "zqcategory" if route.startswith("categories/") else "zqtag",
        "what": "version",
        "number": "1",
    }
    return "/" + _PARAMETER.sub(lambda match: values.get(match[1], "1"), route)


def ask(client: Client, path: str, headers: Mapping[str, Any]) -> tuple[int, str, str]:
    """The status, the headers and the body without what differs each time."""
    response = client.get(path, **headers)
    body = response.getvalue().decode(errors="replace")
    lines = "\n".join(f"{key}: {value}" for key, value in sorted(response.items()))
    lines = re.sub(
        # The length follows the body, which is compared; "just now" and "1 minute ago" differ in it.
        r"(?im)^(ratelimit-|date|x-request-id|etag|server-timing|expires|set-cookie|content-length).*$",
        "",
        lines,
    )
    return response.status_code, _VOLATILE.sub("", lines), _VOLATILE.sub("", body)


class Person:
    """Someone without access: a browser, and the headers of a token."""

    def __init__(self, user: User | None = None, token: str = "") -> None:
        self.user, self.headers = user, bearer(token) if token else {}

    def open(self) -> Client:
        client = Client(raise_request_exception=False)
        if self.user is not None and not self.headers:
            client.force_login(self.user)
        return client


def list_strangers(owner: User) -> dict[str, Person]:
    """Who may see neither plugin: no account, another account, tokens without the right."""
    sam = create_user("sam", is_verified=False)
    past = create_api_token(owner, limit="@acme/open")
    return {
        "anonymous": Person(),
        "stranger": Person(sam),
        "limited token": Person(token=past),
        "publish token": Person(token=create_api_token(owner, "publish")),
    }


@pytest.fixture
def world(publisher: Publisher) -> Publisher:
    publisher.publish("@acme/open", files=FILES | {"README.md": "# Open\n"}, tags=["talk"])
    return publisher


def publish_secret(publisher: Publisher, visibility: str) -> Release:
    first = publisher.publish(SECRET, "1.0.0", visibility=visibility, files=FILES, **FIELDS)
    assert first.state == "published", first.verdict_reason
    plugin = first.plugin
    edit_plugin(actor=publisher.actor, plugin=plugin, changes={"description": "zqedited"})
    second = publisher.publish(SECRET, "1.1.0", files=FILES, changelog="zqentry", **FIELDS)
    flag_release.yank_release(actor=publisher.actor, release=second, reason="zqyanked")
    flag_release.deprecate_release(actor=publisher.actor, release=first, message="zqold")
    return first


def test_nothing_changes_for_those_who_may_not_see_it(world: Publisher, owner: User) -> None:
    """Every response is the same as before the plugins existed: no word, no count, no header."""
    people = list_strangers(owner)
    routes = [route for route in list_routes() if ":name>" not in route]
    paths = [*(fill(route) for route in routes), *(f"/{query}" for query in _QUERIES)]
    assert len(paths) > 50
    indexer.index_changes()

    def ask_all() -> dict[tuple[str, str], tuple[int, str, str]]:
        return {
            (who, path): ask(client, path, person.headers)
            for who, person in people.items()
            for client in [person.open()]
            for path in paths
        }

    before, entries = ask_all(), JournalEntry.objects.count()
    publish_secret(world, "private")
    world.publish("@acme/zqshared", visibility="internal", **FIELDS)
    indexer.index_changes()
    assert JournalEntry.objects.count() == entries
    for question, answer in ask_all().items():
        assert answer == before[question], question


@pytest.mark.parametrize("visibility", ["private", "internal"])
def test_its_routes_answer_like_those_of_an_unknown_name(
    world: Publisher, owner: User, visibility: str
) -> None:
    people = list_strangers(owner)
    publish_secret(world, visibility)
    indexer.index_changes()
    routes = [route for route in list_routes() if ":name>" in route and "scopes/" not in route]
    assert len(routes) > 30
    for who, person in people.items():
        # The first use of a token is recorded.
        ask(person.open(), "/api/v1/me", person.headers)
        for route in routes:
            answers = []
            for name in (SECRET, UNKNOWN):
                with CaptureQueriesContext(connection) as queries:
                    answer = ask(person.open(), fill(route, name), person.headers)
                texts = tuple(str(part).replace(name[6:14], "NAME") for part in answer)
                answers.append((texts, len(queries)))
            assert answers[0] == answers[1], (who, route)
            assert answers[0][0][0] in ("404", "405", "401", "302", "403"), (who, route)


def test_another_account_sees_internal_plugins_of_a_person_and_no_private_ones(
    world: Publisher, client: Client
) -> None:
    publish_secret(world, "private")
    world.publish("@acme/zqshared", visibility="internal")
    pat = create_user("pat")
    client.force_login(pat)
    assert client.get("/plugins/@acme/zqshared").status_code == 200
    assert client.get(f"/plugins/{SECRET}").status_code == 404
    headers = bearer(create_api_token(pat))
    client.logout()
    assert client.get("/api/v1/plugins/@acme/zqshared", **headers).status_code == 200
    assert client.get(f"/api/v1/plugins/{SECRET}", **headers).status_code == 404


def list_readers(world: Publisher) -> dict[str, Person]:
    """Everyone who may see the private plugin: its members, and a moderator by session."""
    plugin = Plugin.objects.get(name=SECRET)
    pat = create_user("pat")
    Member.objects.create(plugin=plugin, holder=pat.owner, role=Role.PUBLISHER)
    return {
        "owner": Person(world.actor),
        "publisher": Person(pat),
        "token": Person(token=create_api_token(pat, "read")),
        "limited token": Person(token=create_api_token(pat, "read", limit=SECRET)),
        "token of the scope": Person(token=create_api_token(pat, "read", limit="@acme")),
    }


def test_members_read_it_everywhere_and_no_cache_keeps_it(world: Publisher) -> None:
    publish_secret(world, "private")
    for who, person in list_readers(world).items():
        for route in list_routes():
            is_api = route.startswith("api/v1/plugins/<plugin:name>")
            is_page = route.startswith("plugins/<plugin:name>")
            if not (is_api if person.headers else is_page):
                continue
            response = person.open().get(fill(route, SECRET), **person.headers)
            if response.status_code == 405:
                continue
            is_managed = route.rpartition("/")[2] in _MANAGED
            if response.status_code == 403 and is_managed:
                continue
            assert response.status_code == 200, (who, route, response.content)
            assert "no-store" in response["Cache-Control"], (who, route)
            assert "private" in response["Cache-Control"], (who, route)
            for header in ("Surrogate-Key", "Cache-Tag", "X-Plugport-Cache"):
                assert header not in response, (who, route)


def test_a_response_to_a_member_is_never_marked_for_the_gateway(
    world: Publisher, settings: Any, owner: User
) -> None:
    settings.BEHIND_GATEWAY = True
    publish_secret(world, "private")
    headers = bearer(create_api_token(owner))
    for path in (f"plugins/{SECRET}", f"plugins/{SECRET}/1.0.0/download", "plugins/@acme/open"):
        response = Client().get(f"/api/v1/{path}", **headers)
        assert response.status_code == 200
        assert "X-Plugport-Cache" not in response


def test_a_moderator_sees_it_by_its_name_with_a_session_alone(
    world: Publisher, moderator: User, client: Client
) -> None:
    publish_secret(world, "private")
    headers = bearer(create_api_token(moderator))
    assert client.get(f"/api/v1/plugins/{SECRET}", **headers).status_code == 404
    client.force_login(moderator)
    assert client.get(f"/plugins/{SECRET}").status_code == 200
    assert not _WORD.search(client.get("/@acme").content.decode())


def test_a_stranger_who_publishes_the_name_learns_only_whose_the_scope_is(
    world: Publisher, client: Client
) -> None:
    publish_secret(world, "private")
    errors = []
    for name in (SECRET, UNKNOWN):
        response = publish(client, create_user(f"sam{len(errors)}"), name)
        errors.append((response.status_code, re.sub(r"zq\w+|sam\d", "", response.content.decode())))
    assert errors[0] == errors[1]


def publish(client: Client, user: User, name: str, **form: str) -> Any:
    """Publish over the API."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tests.support.publishing import build_package

    package = SimpleUploadedFile("p.tgz", build_package(name), "application/gzip")
    return client.post(
        "/api/v1/plugins", {"package": package, **form}, **bearer(create_api_token(user))
    )


def test_a_private_scope_has_no_page_for_strangers(world: Publisher, client: Client) -> None:
    Scope.objects.filter(name="acme").update(visibility="private")
    Scope.objects.create(
        name="zqscope", collision_key="zqscope", owner=world.actor.owner, visibility="private"
    )
    for path in (
        "/@zqscope",
        "/@ZQscope",
        "/@zqscop",
        "/plugins/@zqscope",
        "/feeds/scopes/zqscope.atom",
    ):
        response = client.get(path)
        assert response.status_code == 404, path
        # Suggestions are links to pages; a search for the typed text is not.
        links = re.findall(r'href="([^"]*)"', response.content.decode())
        assert not [link for link in links if "/@zqscope" in link], path
    assert "zqscope" not in client.get("/@acme").content.decode()
    client.force_login(world.actor)
    assert client.get("/@zqscope").status_code == 200
    assert "zqscope" in client.get("/@acme").content.decode()


def test_new_plugins_have_the_visibility_of_their_scope(world: Publisher, client: Client) -> None:
    Scope.objects.filter(name="acme").update(visibility="internal")
    assert publish(client, world.actor, "@acme/one").status_code == 202
    assert Plugin.objects.get(name="@acme/one").visibility == "internal"
    response = publish(client, world.actor, "@acme/two", visibility="public")
    assert (response.status_code, response.json()["code"]) == (409, "visibility-conflict")
    assert publish(client, world.actor, "@acme/two", visibility="private").status_code == 202
    assert Plugin.objects.get(name="@acme/two").visibility == "private"


@pytest.mark.parametrize(
    ("name", "visibility", "status", "code"),
    [
        ("unscoped", "private", 400, "invalid-visibility"),
        ("unscoped", "internal", 400, "invalid-visibility"),
        ("@acme/new", "secret", 400, "invalid-visibility"),
        ("@acme/open", "private", 409, "visibility-conflict"),
    ],
)
def test_a_visibility_that_is_not_possible_is_refused(
    world: Publisher, client: Client, name: str, visibility: str, status: int, code: str
) -> None:
    response = publish(client, world.actor, name, visibility=visibility)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_private_dependents_are_shown_to_their_members_alone(
    world: Publisher, client: Client
) -> None:
    publish_secret(world, "private")
    headers = bearer(create_api_token(world.actor))
    for path in ("/plugins/@acme/open/dependents", "/api/v1/plugins/@acme/open/dependents"):
        assert "zqsecret" not in client.get(path).content.decode()
    path = "/api/v1/plugins/@acme/open/dependents"
    assert client.get(path, **headers).json()["pagination"]["total"] == 1
    client.force_login(world.actor)
    assert "zqsecret" in client.get("/plugins/@acme/open/dependents").content.decode()


def test_a_public_plugin_that_needs_a_private_one_shows_no_more_than_its_manifest(
    world: Publisher, client: Client
) -> None:
    publish_secret(world, "private")
    needs = {"plugins": {SECRET: "^1.0.0", UNKNOWN: "^1.0.0"}}
    world.publish("@acme/needy", dependencies=needs)
    page = client.get("/plugins/@acme/needy/dependencies").content.decode()
    assert f"/plugins/{SECRET}" not in page
    assert "Fewer people" not in page
    client.force_login(world.actor)
    page = client.get("/plugins/@acme/needy/dependencies").content.decode()
    assert f"/plugins/{SECRET}" in page
    assert f"Fewer people may see {SECRET}." in page
