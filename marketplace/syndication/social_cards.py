"""Render social cards: the images of 1200 by 630 pixels for shared links (Open Graph)."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from io import BytesIO

from PIL import Image, ImageDraw

from marketplace.syndication.http_cache import compute_etag
from marketplace.syndication.text_layout import (
    filter_drawable,
    get_font,
    measure_width,
    truncate_to_width,
    wrap_lines,
)

# Part of the ETag: increase it when the layout changes.
_RENDERER_VERSION = 1
_SIZE = (1200, 630)
_MARGIN = 80
_WIDTH = _SIZE[0] - 2 * _MARGIN
_BACKGROUND, _FOREGROUND, _MUTED, _LINE, _ACCENT = (
    "#fbfbf9",
    "#18201c",
    "#55605a",
    "#dde1da",
    "#0b6b5d",
)
_TONE_COLORS = {"community": "#1d4f91", "experimental": "#7d4e00", "untrusted": "#a1242b"}
# The limit for names; longer ones do not fit.
_MAX_TITLE_CHARS = 150
_OVERSAMPLING = 4


@dataclass(frozen=True, slots=True)
class Card:
    """The content of a card. `facts` are shown in a row at the bottom; `tone` is a trust level."""

    title: str
    text: str
    version: str = ""
    trust: str = ""
    tone: str = ""
    facts: tuple[str, ...] = ()

    @property
    def etag(self) -> str:
        """The ETag, computed from the content without rendering the image."""
        return compute_etag(repr((_RENDERER_VERSION, astuple(self))).encode())


def render_card(card: Card) -> bytes:
    """The card as PNG. Takes tens of milliseconds and returns tens of kilobytes."""
    image = Image.new("RGB", _SIZE, _BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, _SIZE[0], 12), fill=_ACCENT)
    _paste_mark(image, 72, (_MARGIN, 64))
    draw.text((_MARGIN + 88, 70), "plugport", font=get_font(48), fill=_FOREGROUND)
    _draw_title(draw, card)
    for number, line in enumerate(wrap_lines(filter_drawable(card.text), 36, _WIDTH, 3)):
        draw.text((_MARGIN, 330 + 50 * number), line, font=get_font(36), fill=_MUTED)
    _draw_footer(draw, card)
    out = BytesIO()
    # With few colors, a palette image looks the same in a third of the size.
    image.quantize(64, dither=Image.Dither.NONE).save(out, "PNG")
    return out.getvalue()


def _draw_title(draw: ImageDraw.ImageDraw, card: Card) -> None:
    """Draw the name in the largest size that fits, followed by the version."""
    version = truncate_to_width(filter_drawable(card.version), 36, 320)
    max_width = _WIDTH - (int(measure_width(version, 36)) + 24 if version else 0)
    title = filter_drawable(card.title)[:_MAX_TITLE_CHARS]
    if measure_width(title, 54) > max_width and "/" in title:
        scope, title = title.split("/", 1)
        draw.text(
            (_MARGIN, 212),
            truncate_to_width(f"{scope}/", 40, _WIDTH),
            font=get_font(40),
            fill=_MUTED,
            anchor="ls",
        )
    size = next((s for s in (88, 76, 64, 54) if measure_width(title, s) <= max_width), 46)
    title = truncate_to_width(title, size, max_width)
    draw.text((_MARGIN, 290), title, font=get_font(size), fill=_FOREGROUND, anchor="ls")
    if version:
        x = _MARGIN + measure_width(title, size) + 24
        draw.text((x, 290), version, font=get_font(36), fill=_ACCENT, anchor="ls")


def _draw_footer(draw: ImageDraw.ImageDraw, card: Card) -> None:
    draw.line((_MARGIN, 512, _SIZE[0] - _MARGIN, 512), fill=_LINE, width=2)
    x = float(_MARGIN)
    if card.trust:
        width = measure_width(card.trust, 30) + 40
        color = _TONE_COLORS.get(card.tone, _ACCENT)
        draw.rounded_rectangle((x, 534, x + width, 586), radius=10, fill=color)
        draw.text((x + 20, 560), card.trust, font=get_font(30), fill="#ffffff", anchor="lm")
        x += width + 36
    for fact in filter(None, map(filter_drawable, card.facts)):
        text = truncate_to_width(fact, 30, int(_SIZE[0] - _MARGIN - x))
        draw.text((x, 560), text, font=get_font(30), fill=_MUTED, anchor="lm")
        x += measure_width(text, 30) + 36
        if x > _SIZE[0] - _MARGIN - 120:
            break


def _paste_mark(image: Image.Image, size: int, position: tuple[int, int]) -> None:
    """Draw the logo of `static/icons/mark.svg`, oversampled for smooth curves."""
    scale = size * _OVERSAMPLING / 24
    mark = Image.new("L", (size * _OVERSAMPLING, size * _OVERSAMPLING))
    draw = ImageDraw.Draw(mark)
    for box in ((3.5, 2, 7, 22), (7, 5.2, 11, 7.4), (7, 10.6, 11, 12.8), (11, 2.5, 14, 15.5)):
        draw.rectangle([edge * scale for edge in box], fill=255)
    draw.pieslice([edge * scale for edge in (7.5, 2.5, 20.5, 15.5)], -90, 90, fill=255)
    image.paste(_ACCENT, position, mark.resize((size, size), Image.Resampling.LANCZOS))
