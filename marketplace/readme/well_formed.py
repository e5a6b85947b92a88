"""Make HTML well formed, in one linear pass.

HTML parsers repair broken markup by copying open formatting elements into every following paragraph
(HTML Standard, "adoption agency algorithm"), so that a few kilobytes of `<b><p><b><p>…` become
millions of nodes. The output of `balance_html` needs no repair: every element is closed, none is
nested deeper than `MAX_DEPTH`, and only elements of `tags.ALLOWED` remain.
"""

from __future__ import annotations

import re

from marketplace.readme.tags import (
    ALLOWED,
    BLOCK,
    ENDS_BEFORE,
    HIDDEN,
    TABLE_FRAME,
    TABLE_PARENTS,
    VOID,
)

MAX_DEPTH = 60

# A tag contains no `<`, so each match attempt stops at the next tag, and matching is linear.
_ATTRIBUTES = r"""(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+"""
_TOKEN = re.compile(rf"<(/?)([a-zA-Z][a-zA-Z0-9]*+)({_ATTRIBUTES})>|<!--|<[!?][^<>]*+>")


def balance_html(html: str) -> str:
    """Well-formed HTML with the same content. Elements that are not allowed lose only their tags."""
    return _Balancer(html).run()


class _Balancer:
    """Copies `html` to `out`, with a stack of open elements."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.out: list[str] = []
        self.open: list[str] = []
        self.position = 0
        self.missing: set[str] = set()

    def run(self) -> str:
        while match := _TOKEN.search(self.html, self.position):
            self._write_text(self.html[self.position : match.start()])
            self.position = match.end()
            slash, name, attributes = match.groups()
            if name is None:
                self._skip_comment(match[0])
            elif slash:
                self._end(name.lower())
            else:
                self._start(name.lower(), attributes)
        self._write_text(self.html[self.position :])
        self._close_from(0)
        return "".join(self.out)

    def _skip_comment(self, opening: str) -> None:
        if opening == "<!--" and not self._skip_past("-->"):
            self.out.append("&lt;!--")

    def _skip_past(self, end: str) -> bool:
        """Skip to after the next `end`. Returns False if there is none, and never searches again."""
        if end in self.missing:
            return False
        match = re.compile(re.escape(end), re.IGNORECASE).search(self.html, self.position)
        if match is None:
            self.missing.add(end)
            return False
        self.position = match.end()
        return True

    def _write_text(self, text: str) -> None:
        if not text:
            return
        if self._is_in_table_frame() and not text.isspace():
            self._close_table()
        self.out.append(text.replace("<", "&lt;").replace(">", "&gt;"))

    def _start(self, name: str, attributes: str) -> None:
        if name in HIDDEN:
            self._skip_past(f"</{name}>")
            return
        if name not in ALLOWED or not self._close_incompatible(name):
            return
        if name in VOID:
            self.out.append(f"<{name}{attributes}>")
        elif len(self.open) < MAX_DEPTH:
            self.open.append(name)
            # HTML ignores the slash of `<b/>`: the element stays open.
            self.out.append(f"<{name}{attributes.rstrip('/')}>")

    def _close_incompatible(self, name: str) -> bool:
        """Close elements that cannot contain the new one. False if it is not allowed here."""
        if name in TABLE_PARENTS:
            return self._close_to_table_parent(name)
        if self._is_in_table_frame():
            self._close_table()
        if name in BLOCK:
            self._close_nearest(frozenset({"p"}), frozenset({"td", "th"}))
        if name in ENDS_BEFORE:
            self._close_nearest(*ENDS_BEFORE[name])
        return True

    def _close_to_table_parent(self, name: str) -> bool:
        parents = TABLE_PARENTS[name]
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index] in parents:
                self._close_from(index + 1)
                return True
            if self.open[index] == "table":
                return False
        return False

    def _end(self, name: str) -> None:
        walls = frozenset() if name in TABLE_PARENTS or name == "table" else {"td", "th"}
        self._close_nearest(frozenset({name}), frozenset(walls))

    def _close_nearest(self, names: frozenset[str], walls: frozenset[str]) -> None:
        """Close the innermost open element of `names`, unless an element of `walls` is inside it."""
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index] in names:
                self._close_from(index)
                return
            if self.open[index] in walls:
                return

    def _close_from(self, index: int) -> None:
        while len(self.open) > index:
            self.out.append(f"</{self.open.pop()}>")

    def _is_in_table_frame(self) -> bool:
        """Whether only parts of a table are allowed here."""
        return bool(self.open) and self.open[-1] in TABLE_FRAME

    def _close_table(self) -> None:
        self._close_nearest(frozenset({"table"}), frozenset())
