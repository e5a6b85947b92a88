"""YAML with line numbers, read safely.

Only plain data comes out: tags are refused, aliases count as often as they are used, and a
document may not contain itself. Plain scalars are read by the core schema of YAML 1.2
(https://yaml.org/spec/1.2.2/#103-core-schema), so `yes`, `on` and dates are text.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

from plugport.spec.manifest.document import (
    MAX_NUMBER_CHARS,
    Container,
    Document,
    DocumentLimits,
    TreeBuilder,
    decode_text,
)
from plugport.spec.manifest.model import JsonValue
from plugport.spec.text import show

# libyaml's parser where PyYAML was built with it; the other reads the same, twenty times slower.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")


def resolve_plain(text: str) -> JsonValue:
    """Give the value of an unquoted scalar. Raises `OverflowError` for what no JSON number can hold."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _NOT_FINITE.match(text):
        raise OverflowError
    if _INT.match(text) or _FLOAT.match(text):
        if len(text) > MAX_NUMBER_CHARS:
            raise OverflowError
        return _read_number(text)
    return text


def _read_number(text: str) -> int | float:
    if _INT.match(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base)
    number = float(text)
    if not math.isfinite(number):
        raise OverflowError
    return number


def load_yaml(content: bytes, file: str, limits: DocumentLimits | None = None) -> Document:
    """Read one YAML mapping. Raises `ManifestError` where it cannot be read to its end."""
    limits = limits or DocumentLimits()
    text = decode_text(content, file, limits)
    composer = _Composer(TreeBuilder(file, limits))
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            composer.take(event)
    except yaml.YAMLError as error:
        detail, line = _explain(error, text.rstrip().count("\n") + 1)
        composer.builder.refuse(f"is not valid YAML: {detail}", "yaml-syntax", line)
    return composer.builder.finish()


def _explain(error: yaml.YAMLError, last_line: int) -> tuple[str, int | None]:
    if not isinstance(error, yaml.MarkedYAMLError):
        return show(str(error).splitlines()[0]), None
    detail = " ".join(part for part in (error.context, error.problem) if part)
    if error.context_mark:
        detail += f" (it begins on line {error.context_mark.line + 1})"
    # What is not closed is found out behind the last line.
    mark = error.problem_mark or error.context_mark
    return detail, min(mark.line + 1, last_line) if mark else None


class _Composer:
    """Turns parser events into values. PyYAML's own composer recurses and shares what aliases name."""

    def __init__(self, builder: TreeBuilder) -> None:
        self.builder = builder
        self._anchors: dict[str, JsonValue] = {}
        self._open: list[str | None] = []
        self._documents = 0

    def take(self, event: Any) -> None:
        """Take the parser's next event (its stubs know too little to be of use)."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.NodeEvent):
            self._take_node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            container, anchor = self.builder.top, self._open.pop()
            self.builder.close()
            if anchor:
                self._anchors[anchor] = container
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                detail = "holds more than one YAML document; a manifest is a single one"
                self.builder.refuse(detail, "several-documents", line)

    def _take_node(self, event: yaml.NodeEvent, line: int) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.builder.refuse(f"the YAML tag {show(tag)} is not allowed", "yaml-tag", line)
        if isinstance(event, yaml.AliasEvent):
            self._take_alias(event.anchor or "", line)
        elif isinstance(event, yaml.ScalarEvent):
            self._take_scalar(event, line)
        elif self.builder.wants_key:
            self.builder.refuse("a key must be text, found a list or mapping", "yaml-key", line)
        else:
            self._open_container(event, line)

    def _open_container(self, event: yaml.NodeEvent, line: int) -> None:
        container: Container = {} if isinstance(event, yaml.MappingStartEvent) else []
        # The name may be in use; inside the new value an alias must not mean the old one.
        self._anchors.pop(event.anchor or "", None)
        self._open.append(event.anchor)
        self.builder.open(container, line)

    def _take_alias(self, anchor: str, line: int) -> None:
        if anchor in self._open:
            detail = f"the alias {show('*' + anchor)} stands inside what it repeats"
            self.builder.refuse(detail, "yaml-alias-cycle", line)
        if anchor not in self._anchors or self.builder.wants_key:
            detail = f"the alias {show('*' + anchor)} repeats nothing that can stand here"
            self.builder.refuse(detail, "yaml-alias", line)
        self.builder.add(self._anchors[anchor], line)

    def _take_scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if self.builder.wants_key:
            self._take_key(event, line)
            return
        value = self._resolve(event, line)
        if event.anchor:
            self._anchors[event.anchor] = value
        self.builder.add(value, line)

    def _take_key(self, event: yaml.ScalarEvent, line: int) -> None:
        key = event.value
        # Refused, not ignored: a reader that merges would see another manifest.
        if event.implicit[0] and key == "<<":
            self.builder.refuse("merge keys (`<<`) are not read", "yaml-merge-key", line)
        if not isinstance(self._resolve(event, line), str):
            detail = f"the key {show(key)} must be text; put it in quotes"
            self.builder.report((key,), detail, "yaml-key", line)
        self.builder.set_key(key, line)

    def _resolve(self, event: yaml.ScalarEvent, line: int) -> JsonValue:
        # Only plain scalars mean anything but text.
        if not event.implicit[0]:
            return str(event.value)
        try:
            return resolve_plain(event.value)
        except OverflowError:
            detail = f"the number {show(event.value)} is not one JSON can hold; quote it"
            self.builder.refuse(detail, "number-not-finite", line)
