"""Adds to sanitised HTML what readers need and authors do not write.

Headings are nested below the page's own, blocks run in the direction of their script, tables and
code can be scrolled by keyboard, checkboxes and footnotes say what they are, pictures come from
this registry. It reads only what the sanitiser wrote, whose form is exact: every tag matches
`_TAG`, every value stands in double quotes. Text that does not is refused, not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import urlsplit

from marketplace.readme.pictures import Pictures

_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*+)((?: [a-z][a-z-]*+="[^"]*+")*+)>')
_ATTRIBUTE = re.compile(r' ([a-z-]++)="([^"]*+)"')
_HEADING = re.compile(r"h[1-6]\Z")
_BACK = re.compile(r"#readme-fnref([0-9]+)")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LETTER = re.compile(r"[^\W\d_]")
# The page has h1, and h2 for the panel that the README stands in.
_FIRST_LEVEL = 3
_LABEL_CHARS = 120
_ENDS_LABEL = frozenset({"ul", "ol", "table", "pre", "blockquote", "input"})
_OWN_DIRECTION = frozenset(
    {
        *("p", "ul", "ol", "dl", "blockquote", "details", "summary", "table", "td", "th"),
        *("caption", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6"),
    }
)


class UnreadableError(Exception):
    """The HTML does not have the form that the sanitiser writes."""


def finish_html(html: str, *, is_proxied: bool) -> str:
    """The HTML in one `div` that has its direction. Raises `UnreadableError`.

    `is_proxied`: whether remote pictures are shown through the proxy, or as links.
    """
    return _Finisher(html, Pictures(is_proxied=is_proxied)).run()


class _Letters(NamedTuple):
    """How many letters a text has, and how many of them run from right to left."""

    total: int
    rtl: int

    def with_more(self, more: _Letters) -> _Letters:
        return _Letters(self.total + more.total, self.rtl + more.rtl)

    def without(self, some: _Letters) -> _Letters:
        return _Letters(self.total - some.total, self.rtl - some.rtl)

    @property
    def direction(self) -> str:
        """How the text runs; "" if it has no letters. Names are Latin in any language."""
        if not self.total:
            return ""
        return "rtl" if self.rtl * 3 > self.total else "ltr"


class _Finisher:
    """Copies `html` to `out`, element by element."""

    def __init__(self, html: str, pictures: Pictures) -> None:
        self.html = html
        self.pictures = pictures
        self.out: list[str] = []
        self.code_depth = 0
        # The letters of prose so far, and those of them that stand in links.
        self.has_rtl = bool(_RTL.search(html))
        self.letters = self.linked = _Letters(0, 0)
        # Of each block that is open: where its tag stands in `out`, and the letters before it.
        self.blocks: list[tuple[int, _Letters, _Letters]] = []
        self.outline: list[int] = []
        self.headings: list[int] = []
        # Where the opening tag of the link that is open stands in `out`, and whether it has words.
        self.link: int | None = None
        self.link_has_words = False
        # The same of the checkbox whose words follow.
        self.box: int | None = None
        self.box_words = ""
        self.starts: dict[str, Callable[[dict[str, str]], str]] = {
            "a": self._start_link,
            "img": self._show_image,
            "source": self.pictures.show_set,
            "input": self._start_box,
            "section": self._start_section,
            "table": self._start_table,
            "pre": self._start_pre,
            "code": self._start_code,
        }
        self.ends: dict[str, Callable[[], str]] = {
            "a": self._end_link,
            "pre": lambda: self._end_code("</pre>"),
            "code": lambda: self._end_code("</code>"),
            "table": lambda: "</table></div>",
            "li": self._end_item,
            "p": self._end_paragraph,
        }

    def run(self) -> str:
        position = 0
        while found := _TAG.search(self.html, position):
            self._write_text(self.html[position : found.start()])
            position = found.end()
            slash, name, attributes = found.groups()
            if slash:
                self._set_direction(name)
                self.out.append(self._end(name))
            else:
                self.out.append(self._start(name, attributes, position))
                self._note_block(name)
        self._write_text(self.html[position:])
        self._label_box()
        direction = self.letters.direction or "ltr"
        return f'<div class="readme-text" dir="{direction}">{"".join(self.out)}</div>'

    def _note_block(self, name: str) -> None:
        if self.has_rtl and name in _OWN_DIRECTION:
            self.blocks.append((len(self.out) - 1, self.letters, self.linked))

    def _set_direction(self, name: str) -> None:
        """Let the block that ends run as most of its words do, unless its author said how.

        Browsers would go by the first letter, which often is that of a name or of code. Links may
        lead to texts in any language, so they count only where there are no other words.
        """
        if not self.has_rtl or name not in _OWN_DIRECTION:
            return
        place, letters, linked = self.blocks.pop()
        whole = self.letters.without(letters)
        direction = whole.without(self.linked.without(linked)).direction or whole.direction
        if direction and ' dir="' not in self.out[place]:
            self.out[place] = f'{self.out[place][:-1]} dir="{direction}">'

    def _write_text(self, text: str) -> None:
        if "<" in text:
            raise UnreadableError
        if not text:
            return
        self.out.append(text)
        if self.has_rtl and not self.code_depth:
            found = _Letters(len(_LETTER.findall(text)), len(_RTL.findall(text)))
            self.letters = self.letters.with_more(found)
            if self.link is not None:
                self.linked = self.linked.with_more(found)
        if not text.isspace():
            self.link_has_words = True
        if self.box is not None and len(self.box_words) < _LABEL_CHARS:
            self.box_words += text

    def _start(self, name: str, attributes: str, position: int) -> str:
        if name in _ENDS_LABEL:
            self._label_box()
        if _HEADING.match(name):
            return self._start_heading(name, dict(_ATTRIBUTE.findall(attributes)))
        if name in self.starts:
            return self.starts[name](dict(_ATTRIBUTE.findall(attributes)))
        if name == "th" and self.html.startswith("</th>", position):
            name = "td"  # a corner: a header that heads nothing
        return f"<{name}{attributes}>"

    def _end(self, name: str) -> str:
        if _HEADING.match(name):
            return f"</h{self.headings.pop()}>"
        if name == "th" and self.out[-1].startswith("<td"):
            return "</td>"
        return self.ends[name]() if name in self.ends else f"</{name}>"

    def _start_heading(self, name: str, attributes: dict[str, str]) -> str:
        """As deep as the outline makes it, and as large as the author wrote it."""
        written = int(name[1])
        while self.outline and self.outline[-1] >= written:
            self.outline.pop()
        self.outline.append(written)
        level = min(_FIRST_LEVEL - 1 + len(self.outline), 6)
        self.headings.append(level)
        attributes = {**attributes, "class": f"title-{written}"}
        return _write(f"h{level}", attributes)

    def _start_link(self, attributes: dict[str, str]) -> str:
        back = _BACK.match(attributes.get("href", ""))
        if back and attributes.get("class") == "footnote-backref":
            attributes["aria-label"] = f"Back to reference {back[1]}"
        elif "href" in attributes:
            self.link, self.link_has_words = len(self.out), False
        return _write("a", attributes)

    def _end_link(self) -> str:
        if self.link is not None and not self.link_has_words:
            attributes = dict(_ATTRIBUTE.findall(self.out[self.link]))
            host = urlsplit(unescape(attributes["href"])).hostname
            attributes["aria-label"] = escape(host or "Link")
            self.out[self.link] = _write("a", attributes)
        self.link = None
        return "</a>"

    def _show_image(self, attributes: dict[str, str]) -> str:
        shown = self.pictures.show(attributes, in_link=self.link is not None)
        words = attributes["alt"] if shown.startswith("<img") else shown
        if words.strip():
            self.link_has_words = True
        return shown

    def _start_box(self, attributes: dict[str, str]) -> str:
        self.box, self.box_words = len(self.out), ""
        return _write("input", attributes)

    def _label_box(self) -> None:
        """Give the checkbox the words that follow it, now that they have been read."""
        if self.box is None:
            return
        words = " ".join(unescape(self.box_words).split())[:_LABEL_CHARS] or "Task"
        attributes = dict(_ATTRIBUTE.findall(self.out[self.box]))
        self.out[self.box] = _write("input", {**attributes, "aria-label": escape(words)})
        self.box = None

    def _end_item(self) -> str:
        self._label_box()
        return "</li>"

    def _end_paragraph(self) -> str:
        if self.box_words.strip():
            self._label_box()
        return "</p>"

    def _start_section(self, attributes: dict[str, str]) -> str:
        if attributes.get("class") == "footnotes":
            attributes["aria-label"] = "Footnotes"
        return _write("section", attributes)

    def _start_table(self, attributes: dict[str, str]) -> str:
        frame = '<div class="readme-table" tabindex="0" role="group" aria-label="Table">'
        return frame + _write("table", attributes)

    def _start_pre(self, attributes: dict[str, str]) -> str:
        self.code_depth += 1
        return _write("pre", {**attributes, "dir": "ltr", "tabindex": "0"})

    def _start_code(self, attributes: dict[str, str]) -> str:
        self.code_depth += 1
        return _write("code", attributes)

    def _end_code(self, tag: str) -> str:
        self.code_depth -= 1
        return tag


def _write(name: str, attributes: dict[str, str]) -> str:
    """An opening tag; the values are HTML already."""
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>"
