"""`GET /plugins/{name}/{version}/diff`: what a release changed."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from registry.actions import flag_release, moderate_release
from registry.models import Release
from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher

CHAT = "/plugins/@ada/chat"
LINE = "/plugins/@ada/line"


@pytest.fixture
def owner(db: None, module_publisher: Publisher) -> User:
    """The publisher."""
    return module_publisher.copy_actor()


@pytest.fixture(scope="module")
def _two(module_publisher: Publisher) -> None:
    """1.0.0, and 1.1.0 with changes of every kind."""
    publish = module_publisher.publish
    publish("@ada/base")
    publish(
        "@ada/chat",
        "1.0.0",
        kind="bridge",
        provides=["internal"],
        tags=["chat"],
        permissions={"network": ["api.example.test"], "exec": ["git"]},
        dependencies={"plugins": {"@ada/base": "^1.0.0"}},
        files={"old.js": "let same = 1;\n", "gone.txt": "x"},
    )
    publish(
        "@ada/chat",
        "1.1.0",
        kind="bridge",
        provides=["internal", "external"],
        tags=["chat", "talk"],
        permissions={"network": ["*.example.test"], "filesystem": ["read:./data"]},
        dependencies={"plugins": {"@ada/base": "*"}, "packages": {"left": "1"}},
        files={"lib/new.js": "let same = 1;\n", "added.txt": "y"},
    )


@pytest.mark.usefixtures("_two")
def test_everything_that_changed(api: Api) -> None:
    diff = api.get(f"{CHAT}/1.1.0/diff").json()
    assert (diff["name"], diff["from"], diff["to"]) == ("@ada/chat", "1.0.0", "1.1.0")
    assert diff["permissions"] == {
        "gained": {"filesystem": ["read:./data"], "network": ["*.example.test"]},
        "lost": {"exec": ["git"]},
    }
    assert diff["capabilities"] == {"gained": {"provides": ["external"]}, "lost": {}}
    assert {row["field"] for row in diff["manifest"]} == {"kindFields.provides", "tags"}
    assert diff["dependencies"] == [
        _dependency("plugins", "@ada/base", "changed", "^1.0.0", "*"),
        _dependency("packages", "left", "added", None, "1"),
    ]
    files = {row["path"]: (row["change"], row["from"]) for row in diff["files"]}
    assert files == {
        "CHANGELOG.md": ("changed", None),
        "README.md": ("changed", None),
        "added.txt": ("added", None),
        "gone.txt": ("removed", None),
        "lib/new.js": ("renamed", "old.js"),
        "plugport.yaml": ("changed", None),
    }
    assert diff["counts"] == {"added": 1, "removed": 1, "changed": 3, "renamed": 1}
    assert diff["files"][2]["before"] is None
    assert diff["files"][2]["after"]["size"] == 1


def _dependency(*values: Any) -> dict[str, Any]:
    return dict(zip(("group", "name", "change", "before", "after"), values, strict=True))


@pytest.mark.usefixtures("_two")
def test_any_two_either_way(api: Api) -> None:
    back = api.get(f"{CHAT}/1.0.0/diff?from=1.1.0").json()
    # The wildcard covers the host, so the way back gains only the program.
    assert back["permissions"]["gained"] == {"exec": ["git"]}
    assert back["permissions"]["lost"]["filesystem"] == ["read:./data"]
    same = api.get(f"{CHAT}/1.0.0/diff?from=1.0.0").json()
    assert same["files"] == same["manifest"] == same["dependencies"] == []
    by_tag = api.get(f"{CHAT}/latest/diff?from=1.0.0").json()
    assert by_tag == api.get(f"{CHAT}/1.1.0/diff").json()


def test_the_first_release_is_compared_with_nothing(api: Api, publisher: Publisher) -> None:
    publisher.publish("@ada/first", permissions={"exec": ["git"]})
    diff = api.get("/plugins/@ada/first/1.0.0/diff").json()
    assert (diff["from"], diff["fromState"], diff["toState"]) == (None, None, "published")
    assert diff["permissions"]["gained"] == {"exec": ["git"]}
    assert diff["counts"]["added"] == 5


def test_default_release_to_compare_with(api: Api, publisher: Publisher) -> None:
    """The baseline is the release below; for a stable release, a stable one."""
    for version in ("1.0.0", "2.0.0", "10.0.0-rc.1", "10.0.0-rc.2", "10.0.0", "0.1.0-alpha"):
        publisher.publish("@ada/line", version)
    baselines = {
        version: api.get(f"{LINE}/{version}/diff").json()["from"]
        for version in ("0.1.0-alpha", "1.0.0", "2.0.0", "10.0.0-rc.1", "10.0.0-rc.2", "10.0.0")
    }
    assert baselines == {
        "0.1.0-alpha": None,
        "1.0.0": "0.1.0-alpha",
        "2.0.0": "1.0.0",
        "10.0.0-rc.1": "2.0.0",
        "10.0.0-rc.2": "10.0.0-rc.1",
        "10.0.0": "2.0.0",
    }


def test_blocked_releases_are_no_baseline(
    api: Api, publisher: Publisher, owner: User, moderator: User
) -> None:
    """Blocked releases should not be installed anywhere; yanked ones are in use."""
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        publisher.publish("@ada/line", version)
    bad = Release.objects.get(plugin__name="@ada/line", version="1.1.0")
    moderate_release.quarantine_release(actor=moderator, release=bad, reason="Odd.")
    flag_release.yank_release(
        actor=owner,
        release=Release.objects.get(plugin__name="@ada/line", version="1.0.0"),
        reason="Old.",
    )
    assert api.get(f"{LINE}/1.2.0/diff").json()["from"] == "1.0.0"
    assert api.get(f"{LINE}/1.2.0/diff?from=1.1.0").json()["from"] == "1.1.0"


@pytest.mark.usefixtures("_two")
def test_values_of_a_blocked_release_are_hidden(api: Api, moderator: User) -> None:
    """The response has both states and the changed fields, without values of the blocked side."""
    diff = api.get(f"{CHAT}/1.1.0/diff").json()
    assert (diff["fromState"], diff["toState"]) == ("published", "published")
    tags = {"field": "tags", "change": "changed", "before": ["chat"], "after": ["chat", "talk"]}
    assert tags in diff["manifest"]
    bad = Release.objects.get(plugin__name="@ada/chat", version="1.1.0")
    moderate_release.quarantine_release(actor=moderator, release=bad, reason="Odd.")
    blocked = api.get(f"{CHAT}/1.1.0/diff").json()
    assert (blocked["fromState"], blocked["toState"]) == ("published", "quarantined")
    assert {**tags, "after": None} in blocked["manifest"]
    assert blocked["permissions"] == diff["permissions"]
    back = api.get(f"{CHAT}/1.0.0/diff?from=1.1.0").json()
    assert (back["fromState"], back["toState"]) == ("quarantined", "published")
    assert {**tags, "before": None, "after": ["chat"]} in back["manifest"]


@pytest.mark.usefixtures("_two")
def test_missing_objects(api: Api) -> None:
    expect_problem(api.get(f"{CHAT}/9.9.9/diff"), 404, "unknown-release")
    expect_problem(api.get(f"{CHAT}/1.0.0/diff?from=9.9.9"), 404, "unknown-release")
    expect_problem(api.get("/plugins/nope/1.0.0/diff"), 404, "unknown-plugin")
    expect_problem(api.get(f"{CHAT}/1.0.0/diff?from=%00"), 400, "invalid-query")
    expect_problem(api.get(f"{CHAT}/1.0.0/diff?from={'1' * 201}"), 400, "invalid-query")


def test_reserved_dist_tags(author: Api) -> None:
    """Path segments of the API are not dist-tags."""
    from tests.support.publishing import build_package

    for word in ("diff", "files", "compare", "security", "dependencies", "versions"):
        expect_problem(author.publish(build_package(), tag=word), 400, "invalid-tag")
