"""Badges: what they say, and that they work as a picture in pages of others."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from marketplace.outlets.badges import MOST_CHARS, Badge, draw_badge
from registry.actions.flag_release import deprecate_release
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin

SVG = "{http://www.w3.org/2000/svg}"
GREEN, AMBER, RED = "#0b6b5d", "#7d4e00", "#a1242b"


def read_title(body: bytes) -> str:
    """What the badge says, also to those who do not see it; fails on one that says two things."""
    root = ET.fromstring(body)
    title = root.findtext(f"{SVG}title") or ""
    assert root.get("role") == "img"
    assert root.get("aria-label") == title
    assert ": ".join(node.text or "" for node in root.iter(f"{SVG}text")) == title
    return title


def read_colour(body: bytes) -> str:
    """The colour of what the badge says."""
    return list(ET.fromstring(body).iter(f"{SVG}path"))[1].get("fill") or ""


@pytest.fixture
def read(client: Any, db: None) -> Any:
    def read_it(path: str, status: int = 200) -> str:
        answer = client.get(path)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert len(answer.content) < 1_500
        return read_title(answer.content)

    return read_it


def test_each_badge(read, publisher):
    publisher.publish("@acme/chat", "1.2.0-rc.1", license="MIT OR Apache-2.0")
    Plugin.objects.update(weekly_downloads=1_234)
    assert read("/badges/@acme/chat/version.svg") == "plugport: v1.2.0-rc.1"
    assert read("/badges/@acme/chat/trust.svg") == "trust: community"
    assert read("/badges/@acme/chat/downloads.svg") == "downloads: 1.2k a week"
    assert read("/badges/@acme/chat/licence.svg") == "licence: MIT OR Apache-2.0"
    assert read("/badges/%40acme%2Fchat/license.svg") == "licence: MIT OR Apache-2.0"


def test_a_plugin_that_is_not_here(read, client):
    assert read("/badges/nope/version.svg", 404) == "plugport: not found"
    assert read("/badges/@no/pe/trust.svg", 404) == "plugport: not found"
    assert client.get("/badges/nope/version.svg").headers["Cache-Control"] == "public, max-age=30"


def test_a_badge_that_there_is_not(client, publisher):
    publisher.publish()
    answer = client.get("/badges/@acme/chat/stars.svg")
    assert answer.status_code == 404
    assert b"<code>downloads</code>" in answer.content


def test_a_plugin_that_is_blocked(read, client, publisher, moderator):
    release = publisher.publish()
    quarantine_release(actor=moderator, release=release, reason="It is looked at.")
    assert read("/badges/@acme/chat/version.svg") == "plugport: blocked"
    assert read("/badges/@acme/chat/trust.svg") == "trust: blocked"
    assert read("/badges/@acme/chat/downloads.svg") == "downloads: blocked"
    assert read("/badges/@acme/chat/licence.svg") == "licence: blocked"
    assert read("/badges/@acme/chat/license.svg") == "licence: blocked"
    assert read_colour(client.get("/badges/@acme/chat/trust.svg").content) == RED


def test_a_plugin_that_is_deprecated(read, client, publisher, owner):
    release = publisher.publish("@acme/chat", "1.2.0")
    assert read_colour(client.get("/badges/@acme/chat/version.svg").content) == GREEN
    deprecate_release(actor=owner, release=release, message="Old.", replacement="")
    assert read("/badges/@acme/chat/version.svg") == "plugport: v1.2.0, deprecated"
    assert read_colour(client.get("/badges/@acme/chat/version.svg").content) == AMBER


def test_a_plugin_without_a_licence(read, publisher):
    publisher.publish()
    Plugin.objects.update(license="")
    assert read("/badges/@acme/chat/licence.svg") == "licence: none named"


def test_asking_again_costs_no_body(client, publisher, django_assert_num_queries):
    publisher.publish()
    with django_assert_num_queries(1):
        first = client.get("/badges/@acme/chat/version.svg")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Vary"] == "Accept-Encoding"  # nobody asks who reads
    again = client.get("/badges/@acme/chat/version.svg", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    publisher.publish("@acme/chat", "2.0.0")
    new = client.get("/badges/@acme/chat/version.svg", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert read_title(new.content) == "plugport: v2.0.0"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "a\"b'c&d", "a\x00b\x08", "x" * 500, "漢字 🎉", "", " "]
)
def test_any_text_can_be_drawn(text):
    body = draw_badge(Badge("licence", text))
    shown = read_title(body).removeprefix("licence: ")
    assert len(shown) <= MOST_CHARS
    assert b"style" not in body  # our policy allows none
    # The text fills its half, with the same blank on both sides.
    width = int(ET.fromstring(body).get("width") or 0)
    x, length = re.findall(rb'x="(\d+)" y="14" textLength="(\d+)"', body)[1]
    assert int(x) + int(length) + 7 == width
