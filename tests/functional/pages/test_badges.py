"""Badges: their texts, and their use as images on other sites."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from marketplace.syndication.badges import MAX_CHARS, Badge, render_badge
from registry.actions.flag_release import deprecate_release
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin

SVG = "{http://www.w3.org/2000/svg}"
GREEN, AMBER, RED = "#0b6b5d", "#7d4e00", "#a1242b"


def parse_title(body: bytes) -> str:
    """Return the text of the badge; fail if title and visible text differ."""
    root = ET.fromstring(body)
    title = root.findtext(f"{SVG}title") or ""
    assert root.get("role") == "img"
    assert root.get("aria-label") == title
    assert ": ".join(node.text or "" for node in root.iter(f"{SVG}text")) == title
    return title


def parse_color(body: bytes) -> str:
    """Return the color of the value."""
    return list(ET.fromstring(body).iter(f"{SVG}path"))[1].get("fill") or ""


@pytest.fixture
def read(client: Any, db: None) -> Any:
    def get_title(path: str, status: int = 200) -> str:
        response = client.get(path)
        assert response.status_code == status
        assert response.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert len(response.content) < 1_500
        return parse_title(response.content)

    return get_title


def test_each_badge(read, publisher):
    publisher.publish("@acme/chat", "1.2.0-rc.1", license="MIT OR Apache-2.0")
    Plugin.objects.update(weekly_downloads=1_234)
    assert read("/badges/@acme/chat/version.svg") == "plugport: v1.2.0-rc.1"
    assert read("/badges/@acme/chat/trust.svg") == "trust: community"
    assert read("/badges/@acme/chat/downloads.svg") == "downloads: 1.2k a week"
    assert read("/badges/@acme/chat/licence.svg") == "license: MIT OR Apache-2.0"
    assert read("/badges/%40acme%2Fchat/license.svg") == "license: MIT OR Apache-2.0"


def test_unknown_plugin(read, client):
    assert read("/badges/nope/version.svg", 404) == "plugport: not found"
    assert read("/badges/@no/pe/trust.svg", 404) == "plugport: not found"
    assert client.get("/badges/nope/version.svg").headers["Cache-Control"] == "public, max-age=30"


def test_unknown_badge(client, publisher):
    publisher.publish()
    response = client.get("/badges/@acme/chat/stars.svg")
    assert response.status_code == 404
    assert b"<code>downloads</code>" in response.content


def test_a_plugin_that_is_blocked(read, client, publisher, moderator):
    release = publisher.publish()
    quarantine_release(actor=moderator, release=release, reason="It is looked at.")
    assert read("/badges/@acme/chat/version.svg") == "plugport: blocked"
    assert read("/badges/@acme/chat/trust.svg") == "trust: blocked"
    assert read("/badges/@acme/chat/downloads.svg") == "downloads: blocked"
    assert read("/badges/@acme/chat/licence.svg") == "license: blocked"
    assert read("/badges/@acme/chat/license.svg") == "license: blocked"
    assert parse_color(client.get("/badges/@acme/chat/trust.svg").content) == RED


def test_a_plugin_that_is_deprecated(read, client, publisher, owner):
    release = publisher.publish("@acme/chat", "1.2.0")
    assert parse_color(client.get("/badges/@acme/chat/version.svg").content) == GREEN
    deprecate_release(actor=owner, release=release, message="Old.", replacement="")
    assert read("/badges/@acme/chat/version.svg") == "plugport: v1.2.0, deprecated"
    assert parse_color(client.get("/badges/@acme/chat/version.svg").content) == AMBER


def test_a_plugin_without_a_licence(read, publisher):
    publisher.publish()
    Plugin.objects.update(license="")
    assert read("/badges/@acme/chat/licence.svg") == "license: not declared"


def test_conditional_requests_get_304(client, publisher, django_assert_num_queries):
    publisher.publish()
    with django_assert_num_queries(1):
        first = client.get("/badges/@acme/chat/version.svg")
    assert first.headers["Cache-Control"] == "public, max-age=300"
    assert first.headers["Vary"] == "Accept-Encoding"  # the session is not loaded
    again = client.get("/badges/@acme/chat/version.svg", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    publisher.publish("@acme/chat", "2.0.0")
    new = client.get("/badges/@acme/chat/version.svg", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert parse_title(new.content) == "plugport: v2.0.0"


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "a\"b'c&d", "a\x00b\x08", "x" * 500, "漢字 🎉", "", " "]
)
def test_any_text_can_be_drawn(text):
    body = render_badge(Badge("license", text))
    shown = parse_title(body).removeprefix("license: ")
    assert len(shown) <= MAX_CHARS
    assert b"style" not in body  # the Content-Security-Policy allows no inline style
    # The text fills its half, with the same padding on both sides.
    width = int(ET.fromstring(body).get("width") or 0)
    x, length = re.findall(rb'x="(\d+)" y="14" textLength="(\d+)"', body)[1]
    assert int(x) + int(length) + 7 == width
