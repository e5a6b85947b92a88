"""Dist-tags: the releases they point at after every kind of change (REL-3)."""

from __future__ import annotations

import pytest

from accounts.models import User
from registry.actions.flag_release import unyank_release, yank_release
from registry.actions.moderate_release import (
    quarantine_release,
    restore_release,
    revoke_release,
)
from registry.errors import InvalidTagError
from registry.models import DistTag, Plugin, Release
from registry.publishing.refresh import refresh_plugin
from tests.support.publishing import Publisher, build_package, publish_bytes

pytestmark = pytest.mark.django_db


def get_tags() -> dict[str, str]:
    tags = {tag.name: tag.release.version for tag in DistTag.objects.select_related("release")}
    plugin = Plugin.objects.get()
    assert plugin.document["distTags"] == tags
    assert plugin.document["latestVersion"] == tags.get("latest")
    assert (plugin.latest.version if plugin.latest else None) == tags.get("latest")
    return tags


def get_release(version: str) -> Release:
    return Release.objects.get(version=version)


def test_latest_is_the_highest_stable_release(publisher: Publisher) -> None:
    """Of releases before a stable one, it is the highest."""
    latest_after = {
        "1.0.0-alpha.2": "1.0.0-alpha.2",
        "1.0.0-alpha.10": "1.0.0-alpha.10",
        "0.9.0": "0.9.0",
        "1.0.0": "1.0.0",
        "2.0.0-rc.1": "1.0.0",
        "1.9.0": "1.9.0",
        "1.10.0": "1.10.0",
        "1.9.9": "1.10.0",
        "1.10.1+build.7": "1.10.1+build.7",
    }
    for version, latest in latest_after.items():
        publisher.publish(version=version)
        assert get_tags() == {"latest": latest}, version


def test_a_release_under_another_tag_leaves_latest_alone(publisher: Publisher) -> None:
    publisher.publish(version="1.0.0")
    publisher.publish(version="2.0.0", tag="beta")
    assert get_tags() == {"latest": "1.0.0", "beta": "2.0.0"}
    publisher.publish(version="1.5.0", tag="beta")
    assert get_tags() == {"latest": "1.0.0", "beta": "1.5.0"}
    publisher.publish(version="1.0.1", tag="latest")
    assert get_tags() == {"latest": "1.0.1", "beta": "1.5.0"}


def test_the_only_release_is_latest_even_under_another_tag(
    publisher: Publisher,
) -> None:
    publisher.publish(version="1.0.0", tag="beta")
    assert get_tags() == {"latest": "1.0.0", "beta": "1.0.0"}
    publisher.publish(version="0.1.0")
    assert get_tags() == {"latest": "0.1.0", "beta": "1.0.0"}


def test_yanked_is_skipped_while_there_is_another(publisher: Publisher, owner: User) -> None:
    for version in ("1.0.0", "1.1.0"):
        publisher.publish(version=version)
    yank_release(actor=owner, release=get_release("1.1.0"))
    assert get_tags() == {"latest": "1.0.0"}
    yank_release(actor=owner, release=get_release("1.0.0"))
    assert get_tags() == {"latest": "1.1.0"}
    unyank_release(actor=owner, release=get_release("1.0.0"))
    assert get_tags() == {"latest": "1.0.0"}


def test_quarantine_and_revocation_move_every_tag(
    publisher: Publisher, owner: User, moderator: User
) -> None:
    publisher.publish(version="1.0.0")
    publisher.publish(version="2.0.0-rc.1", tag="next")
    publisher.publish(version="1.1.0")
    quarantine_release(actor=moderator, release=get_release("1.1.0"), reason="look")
    assert get_tags() == {"latest": "1.0.0", "next": "2.0.0-rc.1"}
    revoke_release(actor=moderator, release=get_release("2.0.0-rc.1"), reason="bad")
    assert get_tags() == {"latest": "1.0.0"}
    restore_release(actor=moderator, release=get_release("1.1.0"), reason="fine")
    assert get_tags() == {"latest": "1.1.0"}


def test_a_plugin_without_an_installable_release_is_not_listed(
    publisher: Publisher, moderator: User
) -> None:
    release = publisher.publish()
    assert Plugin.objects.get().is_listed
    quarantine_release(actor=moderator, release=release, reason="look")
    assert get_tags() == {}
    assert not Plugin.objects.get().is_listed
    restore_release(actor=moderator, release=release, reason="fine")
    assert get_tags() == {"latest": "1.0.0"}
    assert Plugin.objects.get().is_listed


def test_an_unchecked_release_moves_no_tag(publisher: Publisher, owner: User) -> None:
    publisher.publish(version="1.0.0")
    publish_bytes(owner, build_package(version="2.0.0"), tag="beta")
    refresh_plugin(Plugin.objects.get().pk)
    assert get_tags() == {"latest": "1.0.0"}


def test_invalid_tags(owner: User) -> None:
    package = build_package()
    for tag in ("1.0.0", "v1", "Beta", "a b", "-x", "x" * 65, "download", "readme", "tag\n", "ä"):
        with pytest.raises(InvalidTagError):
            publish_bytes(owner, package, tag=tag)
    assert not Release.objects.exists()
