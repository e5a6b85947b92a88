"""The pictures for shared pages, and the words that go with them."""

from __future__ import annotations

import contextlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from marketplace.outlets.cards import Card, draw_card
from marketplace.outlets.lettering import fit, keep_drawable, measure, wrap
from marketplace.pages import cards
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin


def open_png(body: bytes) -> Image.Image:
    image = Image.open(BytesIO(body))
    assert (image.format, image.size) == ("PNG", (1200, 630))
    return image.convert("RGB")


def get_meta(page: Any) -> dict[str, str]:
    """The Open Graph and Twitter values of a page, each named once."""
    tags = [node.attrs for node in page.all("meta") if "content" in node.attrs]
    pairs = [(t.get("property") or t.get("name", ""), t["content"]) for t in tags]
    shared = [(name, value) for name, value in pairs if name.startswith(("og:", "twitter:"))]
    assert len(dict(shared)) == len(shared)
    return dict(shared)


@pytest.mark.parametrize("path", ["/cards/home.png", "/cards/@acme/chat.png"])
def test_a_card_is_a_picture_for_all_sites(client, publisher, path):
    publisher.publish()
    answer = client.get(path)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Vary" not in answer.headers
    assert len(answer.content) < 60_000
    image = open_png(answer.content)
    assert len(image.getcolors(1 << 20)) > 3


def test_whoever_has_it_is_told_before_anything_is_drawn(
    client, publisher, monkeypatch, django_assert_num_queries
):
    publisher.publish()
    etag = client.get("/cards/@acme/chat.png").headers["ETag"]
    cards.cache.clear()
    monkeypatch.setattr(cards, "draw_card", lambda card: pytest.fail("it was drawn"))
    with django_assert_num_queries(1):
        again = client.get("/cards/@acme/chat.png", HTTP_IF_NONE_MATCH=etag)
    assert (again.status_code, again.content) == (304, b"")


def test_a_card_is_drawn_once_until_its_content_changes(client, publisher, monkeypatch):
    publisher.publish()
    drawn = []
    monkeypatch.setattr(cards, "draw_card", lambda card: drawn.append(card) or draw_card(card))
    first, second = (client.get("/cards/@acme/chat.png") for _ in range(2))
    assert first.content == second.content
    Plugin.objects.update(weekly_downloads=1_200)
    third = client.get("/cards/@acme/chat.png", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert third.content != first.content
    Plugin.objects.update(weekly_downloads=1_249)  # shown as 1.2k all the same
    client.get("/cards/@acme/chat.png")
    assert len(drawn) == 2
    assert drawn[1].facts == ("1.2k downloads a week", "MIT")
    assert (drawn[1].beside, drawn[1].trust) == ("1.0.0", "Community")


def test_the_card_of_a_blocked_plugin_says_so_and_nothing_of_its_author(
    client, publisher, moderator, monkeypatch
):
    release = publisher.publish(description="Buy it here.")
    quarantine_release(actor=moderator, release=release, reason="It is looked at.")
    drawn = []
    monkeypatch.setattr(cards, "draw_card", lambda card: drawn.append(card) or draw_card(card))
    open_png(client.get("/cards/@acme/chat.png").content)
    assert drawn == [
        Card(
            "@acme/chat", "This plugin is not listed: it must not be installed.", facts=("Blocked",)
        )
    ]


def test_cards_that_are_not_there(client, db):
    assert client.get("/cards/nope.png").status_code == 404
    assert client.get("/cards/@no/pe.png").status_code == 404


def test_cards_count_as_reads(client, publisher, settings):
    publisher.publish()
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "read": "2/minute"}
    statuses = [client.get("/cards/@acme/chat.png").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_few_wait_for_the_brush(client, publisher):
    """Others keep the threads that they read pages with."""
    publisher.publish()
    with contextlib.ExitStack() as stack:
        for _ in range(cards._MOST_AT_ONCE):
            stack.enter_context(cards._seats)
        answer = client.get("/cards/@acme/chat.png")
        assert client.get("/plugins/@acme/chat").status_code == 200
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert client.get("/cards/@acme/chat.png").status_code == 200


def test_without_the_cache_a_card_is_drawn_each_time(client, publisher, settings):
    publisher.publish()
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    open_png(client.get("/cards/@acme/chat.png").content)


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Ä & Söhne – naïve", "A & Sohne - naive"),
        ("Ship it 🚀 now\u202e!", "Ship it now!"),
        ("Für große Øre", "Fur grosse Ore"),
        ("Находит ошибки", ""),
        ("Finds 漢字", ""),
        ("a\x00b\n\tc", "ab c"),
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_left_out(text, drawn):
    """No boxes: accents fall off, symbols go, other letters take their text along."""
    assert keep_drawable(text) == drawn


@pytest.mark.parametrize("text", ["x" * 3_000, "w " * 2_000, "", "one", "漢" * 900])
def test_any_text_finds_room(text):
    open_png(draw_card(Card(f"@{text}/{text}", text, beside=text, trust="Official", facts=(text,))))


def test_lines_are_as_wide_as_there_is_room():
    lines = wrap("many words " * 40, 36, 500, 3)
    assert len(lines) == 3
    assert all(measure(line, 36) <= 500 for line in lines)
    assert lines[2].endswith("…")
    assert wrap("", 36, 500, 3) == []
    assert fit("short", 36, 500) == "short"


def test_a_shared_plugin_shows_its_card(open_page, publisher):
    publisher.publish("@acme/chat", description='Carries "quoted" <messages>.')
    meta = get_meta(open_page("/plugins/@acme/chat"))
    assert meta["og:title"] == "@acme/chat"
    assert meta["og:description"] == 'Carries "quoted" <messages>.'
    assert meta["og:url"] == "http://127.0.0.1:8000/plugins/@acme/chat"
    assert meta["og:image"] == "http://127.0.0.1:8000/cards/@acme/chat.png"
    assert meta["twitter:card"] == "summary_large_image"


@pytest.mark.parametrize(
    "path", ["/", "/search", "/categories", "/tags", "/docs", "/publish", "/docs/api", "/@acme"]
)
def test_every_public_page_has_a_card(open_page, client, publisher, path):
    publisher.publish()
    meta = get_meta(open_page(path))
    assert {"og:title", "og:description", "og:type", "og:image:alt", "og:site_name"} <= meta.keys()
    assert all(meta.values())
    assert meta["og:url"] == f"http://127.0.0.1:8000{path}"
    card = meta["og:image"].removeprefix("http://127.0.0.1:8000")
    assert client.get(card).headers["Content-Type"] == "image/png"
