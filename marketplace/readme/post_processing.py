"""Make sanitized HTML accessible, and rewrite its images.

Nests headings below those of the page, sets the text direction of blocks, makes tables and code
scrollable by keyboard, labels checkboxes and footnotes, and loads images from this registry. The
input is the output of the sanitizer, which has an exact form: every tag matches `_TAG`, and every
value is in double quotes. Any other input is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import urlsplit

from marketplace.readme.anchors import Anchors, NoAnchors
from marketplace.readme.errors import UnexpectedHtmlError
from marketplace.readme.images import ImageRewriter

# Possessive quantifiers, so that a search takes linear time (CWE-1333).
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*+)((?: [a-z][a-z-]*+="[^"]*+")*+)>')
_ATTRIBUTE = re.compile(r' ([a-z-]++)="([^"]*+)"')
_HAS_TARGET = re.compile(' (?:id|name)="')
_HEADING = re.compile(r"h[1-6]\Z")
_BACKLINK = re.compile(r"#readme-fnref([0-9]+)")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LETTER = re.compile(r"[^\W\d_]")
# The page has an h1, and an h2 for the panel of the README.
_FIRST_LEVEL = 3
_LABEL_CHARS = 120
_ENDS_LABEL = frozenset({"ul", "ol", "table", "pre", "blockquote", "input"})
_DIRECTED_BLOCKS = frozenset(
    {
        *("p", "ul", "ol", "dl", "blockquote", "details", "summary", "table", "td", "th"),
        *("caption", "figcaption", "h1", "h2", "h3", "h4", "h5", "h6"),
    }
)


def post_process_html(html: str, *, is_proxied: bool, has_anchors: bool = True) -> str:
    """The HTML in a `div` with its text direction. Raises `UnexpectedHtmlError`.

    With `is_proxied`, remote images are loaded through the proxy; otherwise they become links.
    Without `has_anchors`, no element has an id, and links inside the text become text.
    """
    anchors = Anchors() if has_anchors else NoAnchors()
    return _PostProcessor(html, ImageRewriter(is_proxied=is_proxied), anchors).run()


class _LetterCounts(NamedTuple):
    """The number of letters in a text, and how many of them are right-to-left."""

    total: int
    rtl: int

    def with_more(self, more: _LetterCounts) -> _LetterCounts:
        return _LetterCounts(self.total + more.total, self.rtl + more.rtl)

    def without(self, some: _LetterCounts) -> _LetterCounts:
        return _LetterCounts(self.total - some.total, self.rtl - some.rtl)

    @property
    def direction(self) -> str:
        """The text direction; "" without letters. Right-to-left text often has Latin names."""
        if not self.total:
            return ""
        return "rtl" if self.rtl * 3 > self.total else "ltr"


class _OpenHeading(NamedTuple):
    """A heading: its level on the page, the index of its tag in `out`, and its text so far."""

    level: int
    tag_index: int
    texts: list[str]


class _PostProcessor:
    """Copies `html` to `out`, and changes it element by element."""

    def __init__(self, html: str, images: ImageRewriter, anchors: Anchors) -> None:
        self.html = html
        self.images = images
        self.out: list[str] = []
        self.code_depth = 0
        # The letters of prose so far, and those of them in links.
        self.has_rtl = bool(_RTL.search(html))
        self.letters = self.linked = _LetterCounts(0, 0)
        # For each open block: the index of its tag in `out`, and the letters before it.
        self.blocks: list[tuple[int, _LetterCounts, _LetterCounts]] = []
        self.anchors = anchors
        self.outline: list[int] = []
        self.headings: list[_OpenHeading] = []
        # The index of the tag of the open link in `out`, and whether the link has text.
        self.link: int | None = None
        self.link_has_text = False
        # The indexes of the tags of links inside the README.
        self.inner_links: list[int] = []
        # The index of the last checkbox in `out`, and the text after it.
        self.checkbox: int | None = None
        self.checkbox_text = ""
        self.starts: dict[str, Callable[[dict[str, str]], str]] = {
            "a": self._start_link,
            "img": self._render_image,
            "source": self.images.render_source,
            "input": self._start_checkbox,
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
        while match := _TAG.search(self.html, position):
            self._write_text(self.html[position : match.start()])
            position = match.end()
            slash, name, attributes = match.groups()
            if slash:
                self._set_direction(name)
                self.out.append(self._end(name))
            else:
                self.out.append(self._start(name, attributes, position))
                self._record_block(name)
        self._write_text(self.html[position:])
        self._label_checkbox()
        self._resolve_inner_links()
        direction = self.letters.direction or "ltr"
        return f'<div class="readme-text" dir="{direction}">{"".join(self.out)}</div>'

    def _record_block(self, name: str) -> None:
        if self.has_rtl and name in _DIRECTED_BLOCKS:
            self.blocks.append((len(self.out) - 1, self.letters, self.linked))

    def _set_direction(self, name: str) -> None:
        """Set the direction of the block that ends to that of most of its text.

        An explicit `dir` of the author stays. Browsers use the first letter (`dir="auto"`), which is
        often part of a name or of code. The text of links counts only if there is no other text.
        """
        if not self.has_rtl or name not in _DIRECTED_BLOCKS:
            return
        index, letters, linked = self.blocks.pop()
        whole = self.letters.without(letters)
        direction = whole.without(self.linked.without(linked)).direction or whole.direction
        if direction and ' dir="' not in self.out[index]:
            self.out[index] = f'{self.out[index][:-1]} dir="{direction}">'

    def _write_text(self, text: str) -> None:
        if "<" in text:
            raise UnexpectedHtmlError
        if not text:
            return
        self.out.append(text)
        if self.headings:
            self.headings[-1].texts.append(text)
        if self.has_rtl and not self.code_depth:
            counts = _LetterCounts(len(_LETTER.findall(text)), len(_RTL.findall(text)))
            self.letters = self.letters.with_more(counts)
            if self.link is not None:
                self.linked = self.linked.with_more(counts)
        if not text.isspace():
            self.link_has_text = True
        if self.checkbox is not None and len(self.checkbox_text) < _LABEL_CHARS:
            self.checkbox_text += text

    def _start(self, name: str, attributes: str, position: int) -> str:
        if name in _ENDS_LABEL:
            self._label_checkbox()
        if _HAS_TARGET.search(attributes):
            attributes = self._keep_new_targets(attributes)
        if _HEADING.match(name):
            return self._start_heading(name, dict(_ATTRIBUTE.findall(attributes)))
        if name in self.starts:
            return self.starts[name](dict(_ATTRIBUTE.findall(attributes)))
        if name == "th" and self.html.startswith("</th>", position):
            name = "td"  # an empty corner cell is not a header
        return f"<{name}{attributes}>"

    def _end(self, name: str) -> str:
        if _HEADING.match(name):
            return self._end_heading()
        if name == "th" and self.out[-1].startswith("<td"):
            return "</td>"
        return self.ends[name]() if name in self.ends else f"</{name}>"

    def _start_heading(self, name: str, attributes: dict[str, str]) -> str:
        """Nest the heading by the outline, and keep the size that the author chose."""
        written = int(name[1])
        while self.outline and self.outline[-1] >= written:
            self.outline.pop()
        self.outline.append(written)
        level = min(_FIRST_LEVEL - 1 + len(self.outline), 6)
        self.headings.append(_OpenHeading(level, len(self.out), []))
        attributes = {**attributes, "class": f"title-{written}"}
        return _render_tag(f"h{level}", attributes)

    def _end_heading(self) -> str:
        """Make the heading a target by its text, in addition to an id that the author gave it."""
        level, index, texts = self.headings.pop()
        anchor = self.anchors.build_heading_id(unescape("".join(texts)))
        if anchor and ' id="' in self.out[index]:
            self.out[index] += _render_tag("span", {"id": anchor}) + "</span>"
        elif anchor:
            self.out[index] = f'{self.out[index][:-1]} id="{anchor}">'
        return f"</h{level}>"

    def _keep_new_targets(self, attributes: str) -> str:
        """Remove ids that an earlier element has. The name of an `a` becomes its id."""
        values = dict(_ATTRIBUTE.findall(attributes))
        targets = [values.pop(key) for key in ("id", "name") if key in values]
        new = [target for target in targets if self.anchors.claim(target)]
        for target in new[1:]:
            self.out.append(_render_tag("span", {"id": target}) + "</span>")
        if new:
            values["id"] = new[0]
        return "".join(f' {key}="{value}"' for key, value in values.items())

    def _start_link(self, attributes: dict[str, str]) -> str:
        back = _BACKLINK.match(attributes.get("href", ""))
        if back and attributes.get("class") == "footnote-backref":
            attributes["aria-label"] = f"Back to reference {back[1]}"
        elif "href" in attributes:
            self.link, self.link_has_text = len(self.out), False
        else:
            attributes.pop("rel", None)
        if attributes.get("href", "").startswith("#"):
            self.inner_links.append(len(self.out))
        return _render_tag("a", attributes)

    def _resolve_inner_links(self) -> None:
        for index in self.inner_links:
            attributes = dict(_ATTRIBUTE.findall(self.out[index]))
            anchor = self.anchors.resolve(attributes.pop("href")[1:])
            if anchor:
                attributes["href"] = f"#{anchor}"
            self.out[index] = _render_tag("a", attributes)

    def _end_link(self) -> str:
        if self.link is not None and not self.link_has_text:
            attributes = dict(_ATTRIBUTE.findall(self.out[self.link]))
            host = urlsplit(unescape(attributes["href"])).hostname
            attributes["aria-label"] = escape(host or "Link")
            self.out[self.link] = _render_tag("a", attributes)
        self.link = None
        return "</a>"

    def _render_image(self, attributes: dict[str, str]) -> str:
        image = self.images.render_image(attributes, in_link=self.link is not None)
        text = attributes["alt"] if image.startswith("<img") else image
        if text.strip():
            self.link_has_text = True
        return image

    def _start_checkbox(self, attributes: dict[str, str]) -> str:
        self.checkbox, self.checkbox_text = len(self.out), ""
        return _render_tag("input", attributes)

    def _label_checkbox(self) -> None:
        """Label the checkbox with the text that follows it."""
        if self.checkbox is None:
            return
        label = " ".join(unescape(self.checkbox_text).split())[:_LABEL_CHARS] or "Task"
        attributes = dict(_ATTRIBUTE.findall(self.out[self.checkbox]))
        self.out[self.checkbox] = _render_tag("input", {**attributes, "aria-label": escape(label)})
        self.checkbox = None

    def _end_item(self) -> str:
        self._label_checkbox()
        return "</li>"

    def _end_paragraph(self) -> str:
        if self.checkbox_text.strip():
            self._label_checkbox()
        return "</p>"

    def _start_section(self, attributes: dict[str, str]) -> str:
        if attributes.get("class") == "footnotes":
            attributes["aria-label"] = "Footnotes"
        return _render_tag("section", attributes)

    def _start_table(self, attributes: dict[str, str]) -> str:
        frame = '<div class="readme-table" tabindex="0" role="group" aria-label="Table">'
        return frame + _render_tag("table", attributes)

    def _start_pre(self, attributes: dict[str, str]) -> str:
        self.code_depth += 1
        return _render_tag("pre", {**attributes, "dir": "ltr", "tabindex": "0"})

    def _start_code(self, attributes: dict[str, str]) -> str:
        self.code_depth += 1
        return _render_tag("code", attributes)

    def _end_code(self, tag: str) -> str:
        self.code_depth -= 1
        return tag


def _render_tag(name: str, attributes: dict[str, str]) -> str:
    """An opening tag. The values are already escaped."""
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>"
