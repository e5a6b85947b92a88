"""Makes HTML well formed, in one pass that is linear in its length.

A browser's parser repairs broken markup by copying open elements into every paragraph that
follows, so that a few kilobytes of `<b><p><b><p>…` become millions of nodes. Text that went
through `balance_html` has nothing left to repair: every element is closed where it must be, none
is nested deeper than `MAX_DEPTH`, and only tags of `tags.ALLOWED` are there at all.
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

# A tag holds no `<`, so that each attempt to read one stops where the next begins: linear.
_ATTRIBUTES = r"""(?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+"""
_TOKEN = re.compile(rf"<(/?)([a-zA-Z][a-zA-Z0-9]*+)({_ATTRIBUTES})>|<!--|<[!?][^<>]*+>")


def balance_html(html: str) -> str:
    """The same text as well-formed HTML; what is not allowed loses its tag, not its content."""
    return _Balancer(html).run()


class _Balancer:
    """Copies `html` to `out` and keeps the stack of open elements."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.out: list[str] = []
        self.open: list[str] = []
        self.position = 0
        self.missing: set[str] = set()

    def run(self) -> str:
        while found := _TOKEN.search(self.html, self.position):
            self._write_text(self.html[self.position : found.start()])
            self.position = found.end()
            slash, name, attributes = found.groups()
            if name is None:
                self._skip_comment(found[0])
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
        """Go on behind the next `end`; False, and never searched for again, if there is none."""
        if end in self.missing:
            return False
        found = re.compile(re.escape(end), re.IGNORECASE).search(self.html, self.position)
        if found is None:
            self.missing.add(end)
            return False
        self.position = found.end()
        return True

    def _write_text(self, text: str) -> None:
        if not text:
            return
        if self._is_in_frame() and not text.isspace():
            self._leave_frame()
        self.out.append(text.replace("<", "&lt;").replace(">", "&gt;"))

    def _start(self, name: str, attributes: str) -> None:
        if name in HIDDEN:
            self._skip_past(f"</{name}>")
            return
        if name not in ALLOWED or not self._make_room(name):
            return
        if name in VOID:
            self.out.append(f"<{name}{attributes}>")
        elif len(self.open) < MAX_DEPTH:
            self.open.append(name)
            self.out.append(f"<{name}{attributes.rstrip('/')}>")

    def _make_room(self, name: str) -> bool:
        """End what cannot hold the element; False if there is no place for it at all."""
        if name in TABLE_PARENTS:
            return self._make_room_in_table(name)
        if self._is_in_frame():
            self._leave_frame()
        if name in BLOCK:
            self._close_nearest(frozenset({"p"}), frozenset({"td", "th"}))
        if name in ENDS_BEFORE:
            self._close_nearest(*ENDS_BEFORE[name])
        return True

    def _make_room_in_table(self, name: str) -> bool:
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
        """Close the innermost open element of `names` and all in it, unless a wall is nearer."""
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index] in names:
                self._close_from(index)
                return
            if self.open[index] in walls:
                return

    def _close_from(self, index: int) -> None:
        while len(self.open) > index:
            self.out.append(f"</{self.open.pop()}>")

    def _is_in_frame(self) -> bool:
        """Whether only parts of a table may stand here."""
        return bool(self.open) and self.open[-1] in TABLE_FRAME

    def _leave_frame(self) -> None:
        self._close_nearest(frozenset({"table"}), frozenset())
