"""Render the image that is shown when an image cannot be loaded: its label in a frame."""

from __future__ import annotations

import re
import unicodedata
from html import escape

_CHAR_PX = 7
_WIDE = ("W", "F")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TEMPLATE = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="24" \
viewBox="0 0 {width} 24" role="img" aria-label="{label}"><style>rect{{fill:#f2f4f0;\
stroke:#7f8981}}text{{fill:#55605a;font:12px system-ui,sans-serif}}@media \
(prefers-color-scheme:dark){{rect{{fill:#1a2320;stroke:#71807a}}text{{fill:#9daba5}}}}</style>\
<rect x=".5" y=".5" width="{inner}" height="23" rx="4" stroke-dasharray="3 2"/>\
<text x="{middle}" y="16" text-anchor="middle">{label}</text></svg>"""


def render_placeholder(label: str) -> bytes:
    """An SVG with the label, for light and dark color schemes."""
    label = _UNPRINTABLE.sub("", label) or "Image not available"
    chars = sum(2 if unicodedata.east_asian_width(c) in _WIDE else 1 for c in label)
    width = chars * _CHAR_PX + 24
    drawing = _TEMPLATE.format(width=width, inner=width - 1, middle=width // 2, label=escape(label))
    return drawing.encode()
