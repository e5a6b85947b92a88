"""Responses for releases in states other than published."""

from __future__ import annotations

from pathlib import Path

import pytest

from accounts.models import User
from registry.actions.moderate_release import (
    quarantine_release,
    restore_release,
    revoke_release,
)
from tests.functional.api.calls import AWS_KEY, Api, expect_problem
from tests.support.publishing import Publisher, build_package, publish_bytes


def test_empty_registry_has_one_empty_page(api: Api) -> None:
    response = api.get("/plugins").json()
    assert response["plugins"] == []
    assert response["pagination"] == {"total": 0, "pages": 1, "current": 1, "hasMore": False}


def test_unfinished_and_refused_plugins_are_nowhere(api: Api, publisher: Publisher) -> None:
    refused = publisher.publish("leaky", files={"keys.js": f'const k = "{AWS_KEY}";\n'})
    assert refused.state == "rejected"
    assert api.get("/plugins").json()["plugins"] == []
    expect_problem(api.get("/plugins/leaky"), 404, "unknown-plugin")
    expect_problem(api.get("/plugins/leaky/versions"), 404, "unknown-plugin")
    expect_problem(api.get("/plugins/leaky/1.0.0"), 404, "unknown-plugin")
    expect_problem(api.get("/plugins/leaky/1.0.0/download"), 404, "unknown-plugin")


def test_release_in_checking_is_nowhere(api: Api, author: Api, owner: User) -> None:
    publish_bytes(owner, build_package())
    for caller in (api, author):
        expect_problem(caller.get("/plugins/@acme/chat"), 404, "unknown-plugin")
        expect_problem(caller.get("/plugins/@acme/chat/1.0.0"), 404, "unknown-plugin")
        assert caller.get("/plugins").json()["plugins"] == []


def test_quarantined_release_has_its_reason_and_others_stay(
    api: Api, publisher: Publisher, moderator: User
) -> None:
    publisher.publish(version="1.0.0")
    bad = publisher.publish(version="1.1.0")
    quarantine_release(actor=moderator, release=bad, reason="It sends data home.")
    document = api.get("/plugins/@acme/chat/1.1.0").json()
    assert document["state"] == "quarantined"
    assert document["stateReason"] == "It sends data home."
    assert document["installPolicy"] == "block"
    plugin = api.get("/plugins/@acme/chat").json()
    assert plugin["latestVersion"] == "1.0.0"
    assert plugin["distTags"] == {"latest": "1.0.0"}
    versions = api.get("/plugins/@acme/chat/versions").json()["versions"]
    assert [(v["version"], v["state"]) for v in versions] == [
        ("1.1.0", "quarantined"),
        ("1.0.0", "published"),
    ]
    problem = expect_problem(api.get("/plugins/@acme/chat/1.1.0/download"), 403, "release-blocked")
    assert "It sends data home." in problem["detail"]
    assert problem["state"] == "quarantined"
    assert api.get("/plugins/@acme/chat/latest/download").status_code == 200


def test_readme_of_a_blocked_release_is_refused(
    api: Api, publisher: Publisher, moderator: User
) -> None:
    """Its README is refused like its package, under both paths and in the document."""
    publisher.publish(version="1.0.0")
    bad = publisher.publish(version="1.1.0")
    chat = "/plugins/@acme/chat"
    assert "1.1.0" in api.get(f"{chat}/1.1.0").json()["readme"]
    quarantine_release(actor=moderator, release=bad, reason="It sends data home.")
    problem = expect_problem(api.get(f"{chat}/1.1.0/readme"), 403, "release-blocked")
    assert "It sends data home." in problem["detail"]
    assert api.get(f"{chat}/1.1.0").json()["readme"] == ""
    assert "1.0.0" in api.get(f"{chat}/readme").content.decode()
    restore_release(actor=moderator, release=bad, reason="It was fine.")
    assert "1.1.0" in api.get(f"{chat}/1.1.0/readme").content.decode()


def test_a_plugin_without_a_release_keeps_its_authors_words(
    api: Api, author: Api, publisher: Publisher, moderator: User
) -> None:
    """The author's edits return with the release."""
    release = publisher.publish()
    edits = {"description": "Call 555.", "homepage": "https://bait.example.test/"}
    assert author.call("PATCH", "/plugins/@acme/chat", edits).status_code == 200
    assert api.get("/plugins/@acme/chat").json()["description"] == "Call 555."
    quarantine_release(actor=moderator, release=release, reason="A fraud.")
    blocked = api.get("/plugins/@acme/chat").json()
    assert (blocked["description"], blocked["homepage"]) == ("", None)
    assert (blocked["displayName"], blocked["owners"]) == ("@acme/chat", ["acme"])
    restore_release(actor=moderator, release=release, reason="It was fine.")
    assert api.get("/plugins/@acme/chat").json()["description"] == "Call 555."


def test_restored_release_is_served_again(api: Api, publisher: Publisher, moderator: User) -> None:
    release = publisher.publish()
    quarantine_release(actor=moderator, release=release, reason="A doubt.")
    restore_release(actor=moderator, release=release, reason="It was fine.")
    document = api.get("/plugins/@acme/chat/1.0.0").json()
    assert (document["state"], document["stateReason"]) == ("published", None)
    assert api.get("/plugins/@acme/chat/1.0.0/download").status_code == 200
    assert api.get("/plugins").json()["pagination"]["total"] == 1


def test_revoked_release_leaves_a_tombstone(
    api: Api, publisher: Publisher, moderator: User
) -> None:
    release = publisher.publish()
    checksum = api.get("/plugins/@acme/chat/1.0.0").json()["checksum"]
    revoke_release(actor=moderator, release=release, reason="Malware.")
    document = api.get("/plugins/@acme/chat/1.0.0").json()
    assert (document["state"], document["stateReason"]) == ("revoked", "Malware.")
    assert document["checksum"] == checksum
    plugin = api.get("/plugins/@acme/chat").json()
    assert (plugin["latestVersion"], plugin["distTags"]) == (None, {})
    expect_problem(api.get("/plugins/@acme/chat/latest"), 404, "unknown-release")
    expect_problem(api.get("/plugins/@acme/chat/readme"), 404, "unknown-release")
    for method in ("GET", "HEAD"):
        response = api.call(method, "/plugins/@acme/chat/1.0.0/download")
        assert response.status_code == 403
    expect_problem(
        api.get("/plugins/@acme/chat/1.0.0/download", headers={"Range": "bytes=0-9"}),
        403,
        "release-blocked",
    )


def test_lost_object_is_an_opaque_failure(
    api: Api, publisher: Publisher, packages_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the error, the response does not."""
    publisher.publish()
    for path in packages_dir.rglob("*.tar.gz"):
        path.unlink()
    problem = expect_problem(api.get("/plugins/@acme/chat/1.0.0/download"), 500, "internal-error")
    assert problem["detail"] == "Something went wrong on the server. The error was logged."
    assert str(packages_dir) not in str(problem)
    assert "api_failed" in caplog.text


def test_unreadable_storage_is_unavailable(
    api: Api, publisher: Publisher, packages_dir: Path
) -> None:
    publisher.publish()
    for path in packages_dir.rglob("*.tar.gz"):
        path.unlink()
        path.mkdir()
    problem = expect_problem(
        api.get("/plugins/@acme/chat/1.0.0/download"), 503, "storage-unavailable"
    )
    assert str(packages_dir) not in str(problem)
