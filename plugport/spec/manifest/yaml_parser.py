"""A YAML parser that reports line numbers and returns plain data only.

Tags are errors, because they can create arbitrary objects (CWE-502). Values that an alias repeats
count each time, and a document must not contain itself. Plain scalars follow the core schema of
YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema), so `yes`, `on` and dates are texts.
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
from plugport.spec.text import quote_text

# libyaml's parser if PyYAML was built with it. The pure Python one is about twenty times slower.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?[0-9]+\Z|0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")


def parse_plain_scalar(text: str) -> JsonValue:
    """Return the value of an unquoted scalar. Raises `OverflowError` if it is not a JSON number."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _NOT_FINITE.match(text):
        raise OverflowError
    if _INT.match(text) or _FLOAT.match(text):
        if len(text) > MAX_NUMBER_CHARS:
            raise OverflowError
        return _parse_number(text)
    return text


def _parse_number(text: str) -> int | float:
    if _INT.match(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text, base)
    number = float(text)
    if not math.isfinite(number):
        raise OverflowError
    return number


def parse_yaml(content: bytes, file: str, limits: DocumentLimits | None = None) -> Document:
    """Parse one YAML mapping. Raises `ManifestError` at the first syntax error."""
    limits = limits or DocumentLimits()
    text = decode_text(content, file, limits)
    composer = _Composer(TreeBuilder(file, limits, source_bytes=len(content)))
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            composer.handle_event(event)
    except yaml.YAMLError as error:
        detail, line = _describe_error(error, text.rstrip().count("\n") + 1)
        composer.builder.refuse(f"is not valid YAML: {detail}", "yaml-syntax", line)
    return composer.builder.finish()


def _describe_error(error: yaml.YAMLError, last_line: int) -> tuple[str, int | None]:
    if not isinstance(error, yaml.MarkedYAMLError):
        return quote_text(str(error).splitlines()[0]), None
    detail = " ".join(part for part in (error.context, error.problem) if part)
    if error.context_mark:
        detail += f" (it starts on line {error.context_mark.line + 1})"
    # The error of an unclosed quote or bracket is positioned after the last line.
    mark = error.problem_mark or error.context_mark
    return detail, min(mark.line + 1, last_line) if mark else None


class _Composer:
    """Turns parser events into values. PyYAML's composer recurses, and shares values between aliases."""

    def __init__(self, builder: TreeBuilder) -> None:
        self.builder = builder
        self._anchors: dict[str, JsonValue] = {}
        self._open: list[str | None] = []
        self._documents = 0

    def handle_event(self, event: Any) -> None:
        """Add the parser's next event to the document. PyYAML has no usable types for events."""
        line = event.start_mark.line + 1
        if isinstance(event, yaml.NodeEvent):
            self._handle_node(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            container, anchor = self.builder.top, self._open.pop()
            self.builder.close()
            if anchor:
                self._anchors[anchor] = container
        elif isinstance(event, yaml.DocumentStartEvent):
            # Programs differ in which of several documents they use, so only one is allowed.
            self._documents += 1
            if self._documents > 1:
                detail = "contains more than one YAML document"
                self.builder.refuse(detail, "several-documents", line)

    def _handle_node(self, event: yaml.NodeEvent, line: int) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None:
            self.builder.refuse(f"the YAML tag {quote_text(tag)} is not allowed", "yaml-tag", line)
        if isinstance(event, yaml.AliasEvent):
            self._handle_alias(event.anchor or "", line)
        elif isinstance(event, yaml.ScalarEvent):
            self._handle_scalar(event, line)
        elif self.builder.expects_key:
            self.builder.refuse("a key must be text, found a list or mapping", "yaml-key", line)
        else:
            self._open_container(event, line)

    def _open_container(self, event: yaml.NodeEvent, line: int) -> None:
        container: Container = {} if isinstance(event, yaml.MappingStartEvent) else []
        # An anchor can be redefined. Inside the new value the name must not refer to the old one.
        self._anchors.pop(event.anchor or "", None)
        self._open.append(event.anchor)
        self.builder.open(container, line)

    def _handle_alias(self, anchor: str, line: int) -> None:
        if anchor in self._open:
            detail = f"the alias {quote_text('*' + anchor)} refers to a value that contains it"
            self.builder.refuse(detail, "yaml-alias-cycle", line)
        if anchor not in self._anchors or self.builder.expects_key:
            detail = f"the alias {quote_text('*' + anchor)} does not refer to a value that is allowed here"
            self.builder.refuse(detail, "yaml-alias", line)
        self.builder.add(self._anchors[anchor], line)

    def _handle_scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        if self.builder.expects_key:
            self._handle_key(event, line)
            return
        value = self._resolve(event, line)
        if event.anchor:
            self._anchors[event.anchor] = value
        self.builder.add(value, line)

    def _handle_key(self, event: yaml.ScalarEvent, line: int) -> None:
        key = event.value
        # An error, because programs that support merge keys would see another manifest than the
        # one that was checked.
        if event.implicit[0] and key == "<<":
            self.builder.refuse("merge keys (`<<`) are not allowed", "yaml-merge-key", line)
        if not isinstance(self._resolve(event, line), str):
            detail = f"the key {quote_text(key)} is not text; put it in quotes"
            self.builder.report((key,), detail, "yaml-key", line)
        self.builder.set_key(key, line)

    def _resolve(self, event: yaml.ScalarEvent, line: int) -> JsonValue:
        # Quoted scalars are always text.
        if not event.implicit[0]:
            return str(event.value)
        try:
            return parse_plain_scalar(event.value)
        except OverflowError:
            detail = f"the number {quote_text(event.value)} cannot be represented in JSON; put it in quotes"
            self.builder.refuse(detail, "number-not-finite", line)
