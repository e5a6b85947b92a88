"""What a dialect is: a table of fields, read into a `Draft` and written from a `Manifest`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from plugport.spec.manifest.document import Document
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot
from plugport.spec.manifest.json_text import load_json
from plugport.spec.manifest.kind_fields import read_kind_field
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.yaml_text import load_yaml
from plugport.spec.text import show

# Set by the registry alone; a manifest that claims them is read without them.
REGISTRY_FIELDS = frozenset(
    {
        "verified",
        "official",
        "trustScore",
        "trust_score",
        "trustLevel",
        "trust_level",
        "trust_score_stub",
    },
)


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a dialect; `into` is where it goes in the normalised manifest.

    `read` puts the field's value into the draft; `write` gives what to write of a manifest, None
    for nothing. `doc` is its line in the documentation.
    """

    name: str
    into: str
    doc: str
    read: Callable[[Spot, Draft], None]
    write: Callable[[Manifest], Any] = lambda _manifest: None
    is_required: bool = False


@dataclass(frozen=True)
class Package:
    """The files beside a manifest: those that may be read, and the names of all (None: unknown)."""

    texts: Mapping[str, bytes] = field(default_factory=dict)
    paths: frozenset[str] | None = None

    @cached_property
    def _names(self) -> dict[str, str]:
        names = (*self.texts, *(self.paths or ()))
        return {name.casefold(): name for name in reversed(names)}

    def find(self, path: str) -> str | None:
        """Find a file as most desktops would: `Hooks/HOOKS.json` is `hooks/hooks.json` there."""
        return self._names.get(posixpath.normpath(path).casefold())


@dataclass(frozen=True, slots=True)
class Dialect:
    """A manifest format.

    `path` is where a manifest of this dialect is written. `kept` are fields the format has but the
    model does not: they are kept without a warning. `ignored` are claims only the registry makes.
    `prepare` may rearrange the document before its rows are read, `complete` sees all of it after
    they were. With `has_kind_rows` the fields of the plugin's kind stand at the top level.
    """

    name: str
    title: str
    path: str
    format: Literal["json", "yaml"]
    rows: tuple[Row, ...]
    kinds: tuple[str, ...]
    kept: frozenset[str] = frozenset()
    ignored: frozenset[str] = REGISTRY_FIELDS
    keeps_unknown: bool = True
    has_kind_rows: bool = False
    prepare: Callable[[Document], Document] = lambda document: document
    complete: Callable[[Spot, Draft, Package], None] = lambda _root, _draft, _package: None

    def load(self, content: bytes, file: str) -> Document:
        """Parse a file of this dialect's format. Raises `ManifestError`."""
        is_json = self.format == "json" or file.endswith(".json")
        return self.prepare((load_json if is_json else load_yaml)(content, file))

    def read(self, root: Spot) -> Draft:
        """Read all rows, then sort what is left into kept, ignored and unknown."""
        assert isinstance(root.value, dict)
        # Where a dialect has several kinds, one of its rows says which.
        draft = Draft(kind=self.kinds[0] if len(self.kinds) == 1 else None)
        for row in self.rows:
            # A key with nothing behind it is how YAML looks before it is filled in.
            if root.value.get(row.name) is not None:
                row.read(root.child(row.name, root.value[row.name]), draft)
            elif row.is_required:
                root.child(row.name, None).fail("is required", "missing-field")
        known = {row.name for row in self.rows}
        if self.has_kind_rows:
            known |= read_kind_rows(root, draft)
        for key, value in root.value.items():
            if key not in known:
                self._take_rest(root.child(key, value), key, draft)
        return draft

    def _take_rest(self, spot: Spot, key: str, draft: Draft) -> None:
        if key in self.ignored:
            spot.warn(f"{show(key)} is set by the registry and ignored here", "registry-decides")
            return
        if key not in self.kept:
            fate = "kept but not used" if self.keeps_unknown else "ignored"
            allowed = ", ".join(row.name for row in self.rows)
            spot.warn(f"{show(key)} is unknown here and {fate}", "unknown-field", allowed=allowed)
        if key in self.kept or self.keeps_unknown:
            draft.extra[key] = spot.value


def read_kind_rows(root: Spot, draft: Draft) -> set[str]:
    """Read the fields of the draft's kind from the top level; return their names."""
    kind = KINDS.get(draft.kind or "")
    assert isinstance(root.value, dict)
    for item in kind.fields if kind else ():
        if item.name in root.value:
            value = read_kind_field(root.child(item.name, root.value[item.name]), item)
            if value is not None:
                draft.kind_fields[item.name] = value
    return {item.name for item in kind.fields} if kind else set()
