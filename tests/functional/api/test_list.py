"""`GET /plugins` and the short lists: filters, order, pages, and invalid parameters."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin, Release, Trust
from registry.publishing.refresh import refresh_plugin
from tests.functional.api.calls import Api, expect_problem, read_refusal
from tests.support.publishing import Publisher


@pytest.fixture(scope="module")
def catalog(module_publisher: Publisher) -> None:
    """Five plugins that differ in everything a list can filter and sort by."""
    publisher = module_publisher
    publisher.publish(
        "@ada/slack-bridge",
        kind="bridge",
        displayName="Slack for Agents",
        description="Carries messages to channels and back.",
        provides=["bidirectional"],
        categories=["messaging", "chat"],
        tags=["slack", "realtime"],
        author={"name": "Grace"},
    )
    publisher.publish("@ada/auth", tags=["jwt"], categories=["security"], license="Apache-2.0")
    publisher.publish(
        "chart-view", kind="hook", hooks=["onMessage"], tags=["realtime"], author={"name": "Grace"}
    )
    publisher.publish("notes", description="Messages kept for later, 100% local.")
    publisher.publish("zebra", license="Apache-2.0")
    set_counters("@ada/auth", downloads=50, rating=3.8, rating_count=9)
    now = timezone.now()
    set_counters(
        "chart-view",
        downloads=70,
        rating=5.0,
        rating_count=9,
        featured_at=now - dt.timedelta(days=1),
    )
    set_counters("notes", downloads=10, rating=4.0, rating_count=9, featured_at=now)
    set_trust("@ada/auth", Trust.VERIFIED)
    set_trust("zebra", Trust.EXPERIMENTAL)


def set_counters(name: str, **values: object) -> None:
    Plugin.objects.filter(name=name).update(**values)


def set_trust(name: str, trust: Trust) -> None:
    Release.objects.filter(plugin__name=name).update(trust=trust)
    refresh_plugin(Plugin.objects.get(name=name).pk)


def list_names(api: Api, query: str = "", path: str = "/plugins") -> list[str]:
    response = api.get(f"{path}{query}")
    assert response.status_code == 200, response.content
    return [plugin["name"] for plugin in response.json()["plugins"]]


EVERYTHING = {"@ada/slack-bridge", "@ada/auth", "chart-view", "notes", "zebra"}
FILTERS: dict[str, set[str]] = {
    "": EVERYTHING,
    "?q=slack": {"@ada/slack-bridge"},
    "?q=SLACK+agents": {"@ada/slack-bridge"},
    "?q=messages": {"@ada/slack-bridge", "notes"},
    "?q=messages+kept": {"notes"},
    "?q=100%25": {"notes"},
    "?q=_": set(),
    "?q=%27%20OR%201%3D1": set(),
    "?q=ada": {"@ada/slack-bridge", "@ada/auth"},
    "?type=bridge": {"@ada/slack-bridge"},
    "?type=service": {"@ada/auth", "notes", "zebra"},
    "?category=chat": {"@ada/slack-bridge"},
    "?category=absent": set(),
    "?tag=realtime": {"@ada/slack-bridge", "chart-view"},
    "?tag=realtime&type=hook": {"chart-view"},
    "?author=Grace": {"@ada/slack-bridge", "chart-view"},
    "?license=Apache-2.0": {"@ada/auth", "zebra"},
    "?trust=verified": {"@ada/auth"},
    "?trust=experimental": {"zebra"},
    "?verified=true": {"@ada/auth"},
    "?verified=false": {"@ada/slack-bridge", "chart-view", "notes", "zebra"},
    "?verified=&type=&q=&page=&limit=": EVERYTHING,
    "?unknown=ignored": EVERYTHING,
}


@pytest.mark.usefixtures("catalog")
def test_filters(api: Api) -> None:
    found = {query: list_names(api, query) for query in FILTERS}
    assert {query: set(names) for query, names in found.items()} == FILTERS
    assert [query for query, names in found.items() if len(names) > len(set(names))] == []


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["@ada/auth", "@ada/slack-bridge", "chart-view", "notes", "zebra"]),
        ("downloads", ["chart-view", "@ada/auth", "notes", "@ada/slack-bridge", "zebra"]),
        ("relevance", ["chart-view", "@ada/auth", "notes", "@ada/slack-bridge", "zebra"]),
        ("rating", ["chart-view", "notes", "@ada/auth", "@ada/slack-bridge", "zebra"]),
        # Setting the trust levels updated `@ada/auth` and then `zebra`.
        ("recent", ["zebra", "@ada/auth", "notes", "chart-view", "@ada/slack-bridge"]),
    ],
)
def test_orders(api: Api, sort: str, expected: list[str]) -> None:
    assert list_names(api, f"?sort={sort}") == expected


@pytest.mark.usefixtures("catalog")
def test_pages_cover_everything_once(api: Api) -> None:
    seen = []
    for number, has_more in ((1, True), (2, True), (3, False)):
        response = api.get(f"/plugins?limit=2&page={number}&sort=name").json()
        assert response["pagination"] == {
            "total": 5,
            "pages": 3,
            "current": number,
            "hasMore": has_more,
        }
        seen += [plugin["name"] for plugin in response["plugins"]]
    assert seen == ["@ada/auth", "@ada/slack-bridge", "chart-view", "notes", "zebra"]


@pytest.mark.usefixtures("catalog")
def test_page_behind_the_last_is_empty(api: Api) -> None:
    response = api.get("/plugins?page=10000").json()
    assert response["plugins"] == []
    assert response["pagination"] == {"total": 5, "pages": 1, "current": 10_000, "hasMore": False}


WRONG_QUERIES = [
    ("?page=0", "page"),
    ("?page=-1", "page"),
    ("?page=10001", "page"),
    ("?page=1.5", "page"),
    ("?page=٣", "page"),
    ("?page=" + "9" * 5000, "page"),
    ("?limit=0", "limit"),
    ("?limit=101", "limit"),
    ("?limit=ten", "limit"),
    ("?sort=newest", "sort"),
    ("?type=gadget", "type"),
    ("?trust=total", "trust"),
    ("?verified=maybe", "verified"),
    ("?q=" + "x" * 201, "q"),
    ("?q=a%00b", "q"),
    ("?tag=%00", "tag"),
    ("?category=" + "x" * 201, "category"),
    ("?author=%00", "author"),
    ("?license=%00", "license"),
]


def test_wrong_queries_are_named(api: Api) -> None:
    for query, named in WRONG_QUERIES:
        problem = expect_problem(api.get(f"/plugins{query}"), 400, "invalid-query")
        assert problem["detail"].startswith(f"The parameter `{named}` is `"), query
        assert problem["hint"], query
        assert len(problem["detail"]) < 300


@pytest.mark.usefixtures("catalog")
def test_a_listed_plugin_is_the_plugin(api: Api) -> None:
    listed = api.get("/plugins?q=slack").json()["plugins"][0]
    plugin = api.get("/plugins/@ada/slack-bridge").json()
    # What its publisher has proven is looked up for one plugin at a time.
    assert plugin == listed | {"proofs": [], "repositoryProven": False}


@pytest.mark.usefixtures("catalog")
def test_featured_are_the_chosen_latest_first(api: Api) -> None:
    assert list_names(api, path="/plugins/featured") == ["notes", "chart-view"]


@pytest.mark.usefixtures("catalog")
def test_popular_are_by_downloads(api: Api) -> None:
    assert list_names(api, "?limit=2", path="/plugins/popular") == ["chart-view", "@ada/auth"]


@pytest.mark.usefixtures("catalog")
def test_recent_are_by_last_change(api: Api) -> None:
    assert list_names(api, "?limit=1", path="/plugins/recent") == ["zebra"]


def test_short_lists_refuse_wrong_limits(api: Api) -> None:
    refusals = {
        (name, limit): read_refusal(api.get(f"/plugins/{name}?limit={limit}"))
        for name in ("featured", "popular", "recent")
        for limit in ("0", "101", "x")
    }
    assert refusals == dict.fromkeys(refusals, (400, "invalid-query"))


@pytest.mark.usefixtures("catalog")
def test_categories_and_tags_count_listed_plugins(api: Api) -> None:
    assert api.get("/categories").json() == {
        "categories": [
            {"name": "chat", "count": 1},
            {"name": "messaging", "count": 1},
            {"name": "security", "count": 1},
        ]
    }
    assert api.get("/tags").json() == {
        "tags": [
            {"name": "realtime", "count": 2},
            {"name": "jwt", "count": 1},
            {"name": "slack", "count": 1},
        ]
    }


@pytest.mark.usefixtures("catalog")
def test_plugin_without_an_installable_release_is_not_listed(api: Api, judge: Api) -> None:
    release = Release.objects.get(plugin__name="chart-view")
    moderator = type(release.published_by).objects.get(username="maude")
    quarantine_release(actor=moderator, release=release, reason="Under review.")
    assert "chart-view" not in list_names(api)
    assert "chart-view" not in list_names(api, path="/plugins/featured")
    assert api.get("/tags").json()["tags"][0] == {"name": "jwt", "count": 1}
    assert api.get("/plugins/chart-view").json()["latestVersion"] is None
