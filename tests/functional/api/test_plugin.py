"""One plugin: document, spelling of its name, README, dependents, stats."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from registry.downloads.counts import flush_downloads, update_weekly_downloads
from registry.models import DownloadCount, Plugin
from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher

NOT_NAMES = ["-x", "x--y", "Ümlaut", "a b", "<script>", "@acme", "..", "@/x", "x%00y", "x" * 300]


@pytest.fixture(scope="module")
def chat(module_publisher: Publisher) -> Plugin:
    """`@ada/chat` 1.0.0."""
    return module_publisher.publish(
        "@ada/chat",
        displayName="Chat",
        homepage="https://chat.example.test/",
        categories=["messaging"],
        tags=["chat", "realtime"],
        author={"name": "Ada", "url": "https://ada.example.test/"},
    ).plugin


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        (
            {"name": "Ada", "github": "https://github.com/ada-l"},
            {"name": "Ada", "url": None, "github": "ada-l"},
        ),
        (
            {"name": "Ada", "url": "https://github.com/ada-l"},
            {"name": "Ada", "url": "https://github.com/ada-l", "github": "ada-l"},
        ),
        (
            {"name": "Ada", "url": "https://github.com/ada-l/chat"},
            {"name": "Ada", "url": "https://github.com/ada-l/chat"},
        ),
    ],
)
def test_github_user_of_the_author(
    api: Api, publisher: Publisher, author: dict[str, str], expected: dict[str, str | None]
) -> None:
    publisher.publish("engine", author=author)
    assert api.get("/plugins/engine").json()["author"] == expected
    listed = api.get("/plugins/recent").json()["plugins"]
    assert expected in [plugin["author"] for plugin in listed]


def test_document_is_whole(api: Api, chat: Plugin) -> None:
    document = api.get("/plugins/@ada/chat").json()
    times = (document.pop("createdAt"), document.pop("updatedAt"))
    since = document["publisher"].pop("since")
    assert all(time.endswith("Z") and dt.datetime.fromisoformat(time) for time in (*times, since))
    assert document == {
        "name": "@ada/chat",
        "displayName": "Chat",
        "description": "What @ada/chat does, in one sentence.",
        "type": "service",
        "author": {"name": "Ada", "url": "https://ada.example.test/"},
        "owners": ["ada"],
        "publisher": {"name": "ada", "kind": "person"},
        "transfers": [],
        "pendingTransfer": None,
        "seeksAdoption": False,
        "proofs": [],
        "repositoryProven": False,
        "repository": {"type": "git", "url": "https://git.example.test/acme/x"},
        "homepage": "https://chat.example.test/",
        "license": "MIT",
        "categories": ["messaging"],
        "tags": ["chat", "realtime"],
        "dialect": "plugport",
        "downloads": 0,
        "weeklyDownloads": 0,
        "visibility": "public",
        "trustedPublishingOnly": False,
        "rating": 0,
        "ratingCount": 0,
        "latestVersion": "1.0.0",
        "distTags": {"latest": "1.0.0"},
        "trust": "community",
        "trustScore": None,
        "verified": False,
        "official": False,
        "deprecated": None,
        "registry": "plugport",
    }


@pytest.mark.parametrize("scope_is_official", [True, False])
def test_official_scopes_carry_the_badge(
    api: Api, publisher: Publisher, settings: Any, *, scope_is_official: bool
) -> None:
    publisher.actor.is_superuser = True
    publisher.actor.save()
    settings.OFFICIAL_SCOPES = frozenset({"acme"} if scope_is_official else {"ar"})
    publisher.publish()
    document = api.get("/plugins/@acme/chat").json()
    assert document["official"] is scope_is_official
    assert document["verified"] is scope_is_official
    assert document["trust"] == ("official" if scope_is_official else "community")


@pytest.mark.parametrize(
    ("path", "member"),
    {
        "": "latestVersion",
        "/versions": "versions",
        "/1.0.0": "packageUrl",
        "/latest": "packageUrl",
        "/dependents": "plugins",
        "/stats": "days",
    }.items(),
)
@pytest.mark.usefixtures("chat")
def test_scoped_names_work_raw_and_encoded(api: Api, path: str, member: str) -> None:
    expected = api.get(f"/plugins/@ada/chat{path}")
    assert member in expected.json()
    contents = {
        (base, name): (response.status_code, response.content)
        for base in ("/api/v1", "/api")
        for name in ("@ada/chat", "%40ada%2Fchat", "@ada%2Fchat", "%40ada/chat", "%40ada%2fchat")
        for response in [api.get(f"{base}/plugins/{name}{path}")]
    }
    assert contents == dict.fromkeys(contents, (200, expected.content))


@pytest.mark.usefixtures("chat", "_module_packages")
def test_files_of_scoped_names_work_encoded(api: Api) -> None:
    for path in ("readme", "1.0.0/readme", "1.0.0/download"):
        response = api.get(f"/plugins/%40ada%2Fchat/{path}")
        assert response.status_code == 200
        assert response.getvalue() == api.get(f"/plugins/@ada/chat/{path}").getvalue() != b""


@pytest.mark.parametrize("name", ["chat", "@ada/chart", "@mallory/chat", "chat.js"])
@pytest.mark.usefixtures("chat")
def test_unknown_plugins(api: Api, name: str) -> None:
    for path in ("", "/versions", "/1.0.0", "/readme", "/dependents", "/stats"):
        problem = expect_problem(api.get(f"/plugins/{name}{path}"), 404, "unknown-plugin")
        assert f"`{name}`" in problem["detail"], path


def test_invalid_names_are_not_found(api: Api) -> None:
    for name in NOT_NAMES:
        for path in ("", "/versions", "/1.0.0", "/1.0.0/download"):
            response = api.get(f"/plugins/{name}{path}")
            assert response.status_code == 404, (name, path)
            assert response.json()["code"] in ("unknown-plugin", "missing"), (name, path)


@pytest.mark.usefixtures("chat")
def test_names_are_normalised_only_where_they_are_the_same(api: Api) -> None:
    """A name that collides with an existing one is not found."""
    for name in ("@ada/CHAT", "@ADA/chat", "@ada/c-h-a-t"):
        expect_problem(api.get(f"/plugins/{name}"), 404, "unknown-plugin")


def test_readme_is_that_of_latest(api: Api, publisher: Publisher) -> None:
    publisher.publish(version="1.0.0", files={"README.md": "# One\n"})
    publisher.publish(version="2.0.0-rc.1", files={"README.md": "# Two <script>\n"})
    response = api.get("/plugins/@acme/chat/readme")
    assert response.content == b"# One\n"
    assert response.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert api.get("/plugins/@acme/chat/2.0.0-rc.1/readme").content == b"# Two <script>\n"


def test_readme_may_be_empty(api: Api, publisher: Publisher) -> None:
    publisher.publish(files={"README.md": ""})
    response = api.get("/plugins/@acme/chat/readme")
    assert (response.status_code, response.content) == (200, b"")


def test_readme_in_other_bytes_is_readable(api: Api, publisher: Publisher) -> None:
    publisher.publish(files={"README.md": b"\xef\xbb\xbfna\xefve \x00 text\n"})
    assert api.get("/plugins/@acme/chat/readme").content.decode() == "na\ufffdve  text\n"


def test_dependents_are_those_of_the_newest_release(api: Api, publisher: Publisher) -> None:
    publisher.publish("base")
    publisher.publish("uses", dependencies={"plugins": {"base": "^1.0.0"}})
    publisher.publish("used", "1.0.0", dependencies={"plugins": {"base": "^1.0.0"}})
    publisher.publish("used", "2.0.0")
    publisher.publish("also", dependencies={"plugins": {"base": "*", "uses": "1.x"}})
    response = api.get("/plugins/base/dependents").json()
    assert [plugin["name"] for plugin in response["plugins"]] == ["uses", "also"]
    assert response["pagination"] == {"total": 2, "pages": 1, "current": 1, "hasMore": False}
    second = api.get("/plugins/base/dependents?limit=1&page=2").json()
    assert [plugin["name"] for plugin in second["plugins"]] == ["also"]
    assert second["pagination"] == {"total": 2, "pages": 2, "current": 2, "hasMore": False}
    expect_problem(api.get("/plugins/base/dependents?limit=101"), 400, "invalid-query")
    expect_problem(api.get("/plugins/base/dependents?page=0"), 400, "invalid-query")


def test_stats_count_downloads_by_day_and_version(api: Api, publisher: Publisher) -> None:
    first = publisher.publish(version="1.0.0")
    publisher.publish(version="1.1.0")
    today = dt.datetime.now(dt.UTC).date()
    DownloadCount.objects.create(release=first, day=today - dt.timedelta(days=9), count=7)
    for number in range(2):
        path = "/plugins/@acme/chat/1.0.0/download"
        api.get(path, REMOTE_ADDR=f"192.0.2.{number}").getvalue()
    api.get("/plugins/@acme/chat/latest/download").getvalue()
    assert flush_downloads() == 3
    assert update_weekly_downloads() == 0
    assert api.get("/plugins/@acme/chat/stats").json() == {
        "name": "@acme/chat",
        "downloads": 3,
        "weeklyDownloads": 3,
        "days": [
            {"date": (today - dt.timedelta(days=9)).isoformat(), "downloads": 7},
            {"date": today.isoformat(), "downloads": 3},
        ],
        "versions": {"1.0.0": 2, "1.1.0": 1},
    }
    assert api.get("/plugins/@acme/chat").json()["downloads"] == 3


@pytest.mark.usefixtures("chat", "_module_packages")
def test_only_whole_downloads_count(api: Api) -> None:
    path = "/plugins/@ada/chat/1.0.0/download"
    etag = api.get(path).headers["ETag"]
    flush_downloads()
    api.call("HEAD", path)
    api.get(path, headers={"If-None-Match": etag})
    api.get(path, headers={"Range": "bytes=10-20"}).getvalue()
    api.get(path, headers={"Range": "bytes=99999999-"})
    assert flush_downloads() == 0
    api.get(path, headers={"Range": "bytes=0-"}).getvalue()
    assert flush_downloads() == 1
