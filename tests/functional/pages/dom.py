"""Parse pages into trees, so that tests query elements instead of matching text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from html import unescape
from html.parser import HTMLParser

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}


@dataclass
class Node:
    """An element: its attributes, its children, and the text between them."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Node]:
        """Every element below, in order."""
        return iter(self._elements)

    # Most pages are queried many times, and none is changed.
    @cached_property
    def _elements(self) -> list[Node]:
        elements, waiting = [], self.children[::-1]
        while waiting:
            child = waiting.pop()
            if not isinstance(child, str):
                elements.append(child)
                if child.children:
                    waiting += child.children[::-1]
        return elements

    def all(self, tag: str = "", **attrs: str) -> list[Node]:
        """Return the elements of that tag with these attributes (`class_` for `class`, `_` for `-`)."""
        expected_attrs = {
            name.rstrip("_").replace("_", "-"): value for name, value in attrs.items()
        }
        return [
            node
            for node in self
            if (not tag or node.tag == tag)
            and all(node.attrs.get(name) == value for name, value in expected_attrs.items())
        ]

    def one(self, tag: str = "", **attrs: str) -> Node:
        """Return the only such element."""
        elements = self.all(tag, **attrs)
        assert len(elements) == 1, f"{len(elements)} of {tag} {attrs}"
        return elements[0]

    def by_class(self, name: str) -> list[Node]:
        """Return the elements with the class."""
        return [node for node in self if name in node.attrs.get("class", "").split()]

    @property
    def text(self) -> str:
        """Return its text with white space collapsed."""
        return " ".join(" ".join(self._iter_strings()).split())

    @property
    def raw(self) -> str:
        """Return its text with white space unchanged."""
        return "".join(self._iter_strings())

    def _iter_strings(self) -> Iterator[str]:
        waiting = self.children[::-1]
        while waiting:
            child = waiting.pop()
            if isinstance(child, str):
                yield child
            else:
                waiting += child.children[::-1]

    @property
    def links(self) -> list[str]:
        """Return the targets of its links."""
        return [node.attrs["href"] for node in self.all("a") if "href" in node.attrs]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("#root")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


# Markup that can be read in one way only, as our templates write it. `HTMLParser` parses the rest:
# it knows more rules, but takes several times as long.
_ANY_TAG = re.compile(r"""(<[^<>"']*(?:(?:"[^"]*"|'[^']*')[^<>"']*)*>)""")
_ATTRIBUTE = re.compile(r"""[ \n]+([a-z][a-z0-9:_-]*)(?:="([^"]*)"|='([^']*)')?""")
_PLAIN_TAG = re.compile(
    rf"</?(?P<tag>[a-z][a-z0-9-]*)(?P<attributes>(?:{_ATTRIBUTE.pattern})*)[ \n]*/?>"
)
# Their content is not, or not always, parsed as markup.
_RAW = {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes", "plaintext"}


@lru_cache(65536)
def _parse_tag(source: str) -> tuple[str, str, dict[str, str]]:
    """Return kind, name and attributes of a tag. The kind is "" if the tag is not a plain one."""
    match = _PLAIN_TAG.fullmatch(source)
    if not match:
        return ("doctype" if source == "<!doctype html>" else ""), "", {}
    tag = match["tag"]
    if source.startswith("</"):
        kind = "end" if source == f"</{tag}>" else ""
    elif tag in _VOID or source.endswith("/>"):
        kind = "" if tag in _RAW else "empty"
    else:
        kind = "start"
    attrs = {name: unescape(a or b) for name, a, b in _ATTRIBUTE.findall(match["attributes"])}
    return kind, tag, attrs


def _parse_plainly(html: str) -> Node | None:
    """Return the tree if the page consists of plain tags and each element is closed."""
    root = Node("#root")
    stack, children, raw = [root], root.children, ""
    parts = _ANY_TAG.split(html)
    for text, source in zip(parts[::2], [*parts[1::2], "<!doctype html>"], strict=True):
        if text:
            if "<" in text or (raw and "&" in text):
                return None
            children.append(unescape(text))
        if raw and source != f"</{raw}>":
            return None
        kind, tag, attrs = _parse_tag(source)
        if kind == "start":
            node = Node(tag, attrs.copy())
            children.append(node)
            stack.append(node)
            children = node.children
            raw = tag if tag in _RAW else ""
        elif kind == "end":
            if stack.pop().tag != tag:
                return None
            children, raw = stack[-1].children, ""
        elif kind == "empty":
            children.append(Node(tag, attrs.copy()))
        elif not kind:
            return None
    return root if len(stack) == 1 else None


def parse(html: str) -> Node:
    """Return the tree of a page; fail if the markup is not well formed."""
    return _parse_plainly(html) or parse_tolerantly(html)


def parse_tolerantly(html: str) -> Node:
    """Do the same by the rules of `HTMLParser` alone."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.open == [builder.root], [node.tag for node in builder.open]
    return builder.root
