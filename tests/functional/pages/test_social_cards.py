"""Social cards and the metadata of link previews."""

from __future__ import annotations

import contextlib
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import caches
from PIL import Image

from marketplace.pages import social_cards
from marketplace.syndication.social_cards import Card, render_card
from marketplace.syndication.text_layout import (
    filter_drawable,
    measure_width,
    truncate_to_width,
    wrap_lines,
)
from registry.actions.moderate_release import quarantine_release
from registry.models import Plugin


@pytest.fixture(scope="module")
def _published(module_publisher):
    module_publisher.publish("@acme/chat")


@pytest.fixture
def chat(db, _published, _module_packages):
    """`@acme/chat`, published once for the module."""


@pytest.fixture
def owner(db, module_publisher):
    return module_publisher.copy_actor()


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
def test_a_card_is_a_picture_for_all_sites(client, chat, path):
    response = client.get(path)
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Vary" not in response.headers
    assert len(response.content) < 60_000
    image = open_png(response.content)
    assert len(image.getcolors(1 << 20)) > 3


def test_conditional_requests_render_no_card(client, chat, monkeypatch, django_assert_num_queries):
    etag = client.get("/cards/@acme/chat.png").headers["ETag"]
    caches["cards"].clear()
    monkeypatch.setattr(social_cards, "render_card", lambda card: pytest.fail("it was drawn"))
    with django_assert_num_queries(1):
        again = client.get("/cards/@acme/chat.png", HTTP_IF_NONE_MATCH=etag)
    assert (again.status_code, again.content) == (304, b"")


def test_a_card_is_drawn_once_until_its_content_changes(client, chat, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        social_cards, "render_card", lambda card: drawn.append(card) or render_card(card)
    )
    first, second = (client.get("/cards/@acme/chat.png") for _ in range(2))
    assert first.content == second.content
    Plugin.objects.update(weekly_downloads=1_200)
    third = client.get("/cards/@acme/chat.png", HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert third.content != first.content
    Plugin.objects.update(weekly_downloads=1_249)  # shown as 1.2k all the same
    client.get("/cards/@acme/chat.png")
    assert len(drawn) == 2
    assert drawn[1].facts == ("1.2k downloads a week", "MIT")
    assert (drawn[1].version, drawn[1].trust) == ("1.0.0", "Community")


def test_the_card_of_a_blocked_plugin_has_no_text_of_its_author(
    client, publisher, moderator, monkeypatch
):
    release = publisher.publish("@acme/talk", description="Buy it here.")
    quarantine_release(actor=moderator, release=release, reason="It is looked at.")
    drawn = []
    monkeypatch.setattr(
        social_cards, "render_card", lambda card: drawn.append(card) or render_card(card)
    )
    open_png(client.get("/cards/@acme/talk.png").content)
    assert drawn == [
        Card("@acme/talk", "This plugin is blocked. Do not install it.", facts=("Blocked",))
    ]


def test_unknown_cards(client, db):
    assert client.get("/cards/nope.png").status_code == 404
    assert client.get("/cards/@no/pe.png").status_code == 404


def test_cards_count_as_reads(client, chat, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "read": "2/minute"}
    statuses = [client.get("/cards/@acme/chat.png").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_few_requests_wait_for_rendering(client, chat):
    """Other requests keep their threads."""
    with contextlib.ExitStack() as stack:
        for _ in range(social_cards.MAX_PENDING_RENDERS):
            stack.enter_context(social_cards.render_slots)
        response = client.get("/cards/@acme/chat.png")
        assert client.get("/plugins/@acme/chat").status_code == 200
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    assert client.get("/cards/@acme/chat.png").status_code == 200


def test_without_the_cache_a_card_is_drawn_each_time(client, chat, settings):
    settings.CACHES = {
        **settings.CACHES,
        "cards": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        },
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
def test_characters_missing_in_the_font_are_left_out(text, drawn):
    """No replacement boxes: accents and symbols are removed; text in other scripts is left out."""
    assert filter_drawable(text) == drawn


@pytest.mark.parametrize("text", ["x" * 3_000, "w " * 2_000, "", "one", "漢" * 900])
def test_any_text_finds_room(text):
    open_png(
        render_card(Card(f"@{text}/{text}", text, version=text, trust="Official", facts=(text,)))
    )


def test_lines_are_as_wide_as_there_is_room():
    lines = wrap_lines("many words " * 40, 36, 500, 3)
    assert len(lines) == 3
    assert all(measure_width(line, 36) <= 500 for line in lines)
    assert lines[2].endswith("…")
    assert wrap_lines("", 36, 500, 3) == []
    assert truncate_to_width("short", 36, 500) == "short"


def test_a_shared_plugin_shows_its_card(open_page, publisher):
    publisher.publish("@acme/talk", description='Carries "quoted" <messages>.')
    meta = get_meta(open_page("/plugins/@acme/talk"))
    assert meta["og:title"] == "@acme/talk"
    assert meta["og:description"] == 'Carries "quoted" <messages>.'
    assert meta["og:url"] == "http://127.0.0.1:8000/plugins/@acme/talk"
    assert meta["og:image"] == "http://127.0.0.1:8000/cards/@acme/talk.png"
    assert meta["twitter:card"] == "summary_large_image"


@pytest.mark.parametrize(
    "path", ["/", "/search", "/categories", "/tags", "/docs", "/publish", "/docs/api", "/@acme"]
)
def test_every_public_page_has_a_card(open_page, client, chat, path):
    meta = get_meta(open_page(path))
    assert {"og:title", "og:description", "og:type", "og:image:alt", "og:site_name"} <= meta.keys()
    assert all(meta.values())
    assert meta["og:url"] == f"http://127.0.0.1:8000{path}"
    card = meta["og:image"].removeprefix("http://127.0.0.1:8000")
    assert client.get(card).headers["Content-Type"] == "image/png"
