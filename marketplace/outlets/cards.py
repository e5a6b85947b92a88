"""Drawing the picture that stands for a page where somebody shares it: 1200 by 630 pixels."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from io import BytesIO

from PIL import Image, ImageDraw

from marketplace.outlets.answer import make_etag
from marketplace.outlets.lettering import fit, get_font, keep_drawable, measure, wrap

# Part of the ETag: raise it when the same content is to be drawn in another way.
_EDITION = 1
_SIZE = (1200, 630)
_EDGE = 80
_WIDTH = _SIZE[0] - 2 * _EDGE
_PAPER, _INK, _MUTED, _LINE, _ACCENT = "#fbfbf9", "#18201c", "#55605a", "#dde1da", "#0b6b5d"
_TONES = {"community": "#1d4f91", "experimental": "#7d4e00", "untrusted": "#a1242b"}
# Of a name; no longer one would fit.
_MOST_CHARS = 150
_FINE = 4


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says. `facts` stand in a row at its foot; `tone` is a trust level."""

    title: str
    text: str
    beside: str = ""
    trust: str = ""
    tone: str = ""
    facts: tuple[str, ...] = ()

    @property
    def etag(self) -> str:
        """Changes with what would be drawn, and is known without drawing it."""
        return make_etag(repr((_EDITION, astuple(self))).encode())


def draw_card(card: Card) -> bytes:
    """The card as PNG: some tens of milliseconds, some tens of kilobytes."""
    image = Image.new("RGB", _SIZE, _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, _SIZE[0], 12), fill=_ACCENT)
    _paste_mark(image, 72, (_EDGE, 64))
    draw.text((_EDGE + 88, 70), "plugport", font=get_font(48), fill=_INK)
    _draw_title(draw, card)
    for number, line in enumerate(wrap(keep_drawable(card.text), 36, _WIDTH, 3)):
        draw.text((_EDGE, 330 + 50 * number), line, font=get_font(36), fill=_MUTED)
    _draw_foot(draw, card)
    out = BytesIO()
    # So few colours that a palette shows the same in a third of the bytes.
    image.quantize(64, dither=Image.Dither.NONE).save(out, "PNG")
    return out.getvalue()


def _draw_title(draw: ImageDraw.ImageDraw, card: Card) -> None:
    """The name as large as it fits, and the version beside it."""
    beside = fit(keep_drawable(card.beside), 36, 320)
    room = _WIDTH - (int(measure(beside, 36)) + 24 if beside else 0)
    title = keep_drawable(card.title)[:_MOST_CHARS]
    if measure(title, 54) > room and "/" in title:
        scope, title = title.split("/", 1)
        draw.text(
            (_EDGE, 212), fit(f"{scope}/", 40, _WIDTH), font=get_font(40), fill=_MUTED, anchor="ls"
        )
    size = next((s for s in (88, 76, 64, 54) if measure(title, s) <= room), 46)
    title = fit(title, size, room)
    draw.text((_EDGE, 290), title, font=get_font(size), fill=_INK, anchor="ls")
    if beside:
        x = _EDGE + measure(title, size) + 24
        draw.text((x, 290), beside, font=get_font(36), fill=_ACCENT, anchor="ls")


def _draw_foot(draw: ImageDraw.ImageDraw, card: Card) -> None:
    draw.line((_EDGE, 512, _SIZE[0] - _EDGE, 512), fill=_LINE, width=2)
    x = float(_EDGE)
    if card.trust:
        width = measure(card.trust, 30) + 40
        colour = _TONES.get(card.tone, _ACCENT)
        draw.rounded_rectangle((x, 534, x + width, 586), radius=10, fill=colour)
        draw.text((x + 20, 560), card.trust, font=get_font(30), fill="#ffffff", anchor="lm")
        x += width + 36
    for fact in filter(None, map(keep_drawable, card.facts)):
        text = fit(fact, 30, int(_SIZE[0] - _EDGE - x))
        draw.text((x, 560), text, font=get_font(30), fill=_MUTED, anchor="lm")
        x += measure(text, 30) + 36
        if x > _SIZE[0] - _EDGE - 120:
            break


def _paste_mark(image: Image.Image, size: int, place: tuple[int, int]) -> None:
    """The mark of `static/icons/mark.svg`: drawn larger than needed, so that its curve is smooth."""
    scale = size * _FINE / 24
    mark = Image.new("L", (size * _FINE, size * _FINE))
    draw = ImageDraw.Draw(mark)
    for box in ((3.5, 2, 7, 22), (7, 5.2, 11, 7.4), (7, 10.6, 11, 12.8), (11, 2.5, 14, 15.5)):
        draw.rectangle([edge * scale for edge in box], fill=255)
    draw.pieslice([edge * scale for edge in (7.5, 2.5, 20.5, 15.5)], -90, 90, fill=255)
    image.paste(_ACCENT, place, mark.resize((size, size), Image.Resampling.LANCZOS))
