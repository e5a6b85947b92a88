"""`GET /plugins/{name}/{version}/diff`: what a release changed (REL-8)."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from registry.actions import flag_release, moderate_release
from registry.models import Release
from tests.functional.api.calls import Api, expect_problem
from tests.support.publishing import Publisher

CHAT = "/plugins/@acme/chat"


@pytest.fixture
def _two(publisher: Publisher) -> None:
    """1.0.0, and a 1.1.0 that differs in everything."""
    publisher.publish("@acme/base")
    publisher.publish(
        "@acme/chat",
        "1.0.0",
        kind="bridge",
        provides=["internal"],
        tags=["chat"],
        permissions={"network": ["api.example.test"], "exec": ["git"]},
        dependencies={"plugins": {"@acme/base": "^1.0.0"}},
        files={"old.js": "let same = 1;\n", "gone.txt": "x"},
    )
    publisher.publish(
        "@acme/chat",
        "1.1.0",
        kind="bridge",
        provides=["internal", "external"],
        tags=["chat", "talk"],
        permissions={"network": ["*.example.test"], "filesystem": ["read:./data"]},
        dependencies={"plugins": {"@acme/base": "*"}, "packages": {"left": "1"}},
        files={"lib/new.js": "let same = 1;\n", "added.txt": "y"},
    )


@pytest.mark.usefixtures("_two")
def test_everything_that_changed(api: Api) -> None:
    diff = api.get(f"{CHAT}/1.1.0/diff").json()
    assert (diff["name"], diff["from"], diff["to"]) == ("@acme/chat", "1.0.0", "1.1.0")
    assert diff["permissions"] == {
        "gained": {"filesystem": ["read:./data"], "network": ["*.example.test"]},
        "lost": {"exec": ["git"]},
    }
    assert diff["capabilities"] == {"gained": {"provides": ["external"]}, "lost": {}}
    assert {row["field"] for row in diff["manifest"]} == {"kindFields.provides", "tags"}
    assert diff["dependencies"] == [
        _dependency("plugins", "@acme/base", "changed", "^1.0.0", "*"),
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
    # The host is covered by the star, so going back gains the program alone.
    assert back["permissions"]["gained"] == {"exec": ["git"]}
    assert back["permissions"]["lost"]["filesystem"] == ["read:./data"]
    same = api.get(f"{CHAT}/1.0.0/diff?from=1.0.0").json()
    assert same["files"] == same["manifest"] == same["dependencies"] == []
    by_tag = api.get(f"{CHAT}/latest/diff?from=1.0.0").json()
    assert by_tag == api.get(f"{CHAT}/1.1.0/diff").json()


def test_the_first_release_is_compared_with_nothing(api: Api, publisher: Publisher) -> None:
    publisher.publish("@acme/chat", permissions={"exec": ["git"]})
    diff = api.get(f"{CHAT}/1.0.0/diff").json()
    assert (diff["from"], diff["fromState"], diff["toState"]) == (None, None, "published")
    assert diff["permissions"]["gained"] == {"exec": ["git"]}
    assert diff["counts"]["added"] == 5


def test_what_a_release_is_compared_with(api: Api, publisher: Publisher) -> None:
    """The one below; a stable one with a stable one."""
    for version in ("1.0.0", "2.0.0", "10.0.0-rc.1", "10.0.0-rc.2", "10.0.0", "0.1.0-alpha"):
        publisher.publish("@acme/chat", version)
    baselines = {
        version: api.get(f"{CHAT}/{version}/diff").json()["from"]
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
    """What they asked for was never agreed to; a yanked one is in use."""
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        publisher.publish("@acme/chat", version)
    bad = Release.objects.get(version="1.1.0")
    moderate_release.quarantine_release(actor=moderator, release=bad, reason="Odd.")
    flag_release.yank_release(
        actor=owner, release=Release.objects.get(version="1.0.0"), reason="Old."
    )
    assert api.get(f"{CHAT}/1.2.0/diff").json()["from"] == "1.0.0"
    assert api.get(f"{CHAT}/1.2.0/diff?from=1.1.0").json()["from"] == "1.1.0"


@pytest.mark.usefixtures("_two")
def test_a_blocked_release_keeps_its_words(api: Api, moderator: User) -> None:
    """Both states are told; which fields differ is told, without the values of the blocked side."""
    diff = api.get(f"{CHAT}/1.1.0/diff").json()
    assert (diff["fromState"], diff["toState"]) == ("published", "published")
    tags = {"field": "tags", "change": "changed", "before": ["chat"], "after": ["chat", "talk"]}
    assert tags in diff["manifest"]
    bad = Release.objects.get(version="1.1.0")
    moderate_release.quarantine_release(actor=moderator, release=bad, reason="Odd.")
    blocked = api.get(f"{CHAT}/1.1.0/diff").json()
    assert (blocked["fromState"], blocked["toState"]) == ("published", "quarantined")
    assert {**tags, "after": None} in blocked["manifest"]
    assert blocked["permissions"] == diff["permissions"]
    back = api.get(f"{CHAT}/1.0.0/diff?from=1.1.0").json()
    assert (back["fromState"], back["toState"]) == ("quarantined", "published")
    assert {**tags, "before": None, "after": ["chat"]} in back["manifest"]


@pytest.mark.usefixtures("_two")
def test_what_is_not_there(api: Api) -> None:
    expect_problem(api.get(f"{CHAT}/9.9.9/diff"), 404, "unknown-release")
    expect_problem(api.get(f"{CHAT}/1.0.0/diff?from=9.9.9"), 404, "unknown-release")
    expect_problem(api.get("/plugins/nope/1.0.0/diff"), 404, "unknown-plugin")
    expect_problem(api.get(f"{CHAT}/1.0.0/diff?from=%00"), 400, "invalid-query")
    expect_problem(api.get(f"{CHAT}/1.0.0/diff?from={'1' * 201}"), 400, "invalid-query")


def test_a_tag_cannot_be_called_so(author: Api) -> None:
    """The words of addresses are taken."""
    from tests.support.publishing import make_package

    for word in ("diff", "files", "compare", "security", "dependencies", "versions"):
        expect_problem(author.publish(make_package(), tag=word), 400, "invalid-tag")
