"""The description of a manifest format: its files, its fields, and what else is particular to it."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct, field

from plugport.spec.manifest.document import Document
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.errors import ManifestError
from plugport.spec.manifest.fields import Cursor
from plugport.spec.manifest.json_parser import parse_json
from plugport.spec.manifest.kind_fields import parse_kind_field
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.yaml_parser import parse_yaml
from plugport.spec.path_folding import fold_path
from plugport.spec.text import quote_text

# Only the registry may set these. Without this list an author could publish a plugin whose own
# manifest says that it is verified, and a client that shows unknown fields would repeat the claim.
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


class FormatField(Struct, frozen=True):
    """One field of a manifest format.

    `into` is the path of its value in the normalized manifest, and `doc` its line in the reference.
    `parse` stores the value in the draft; `build_value` returns the value to write for a manifest, or None
    to leave the field out. `is_descriptive` marks fields that nothing acts on, such as the author.
    """

    name: str
    into: str
    doc: str
    parse: Callable[[Cursor, Draft], None]
    build_value: Callable[[Manifest], Any] = lambda _manifest: None
    is_required: bool = False
    is_descriptive: bool = False


class Scaffold(Struct, frozen=True):
    """The first files of a new plugin of one kind.

    `templates` are folders below `plugport/cli/templates`. The other members go into the manifest;
    In texts of `kind_fields`, `{{slug}}` is replaced by the plugin's name without its scope and
    `{{version}}` by its version.
    """

    templates: tuple[str, ...]
    main: str | None = None
    kind_fields: Mapping[str, Any] = field(default_factory=dict)
    components: Mapping[str, Any] = field(default_factory=dict)


# A dataclass, because a struct has no members that do not count in comparisons.
@dataclasses.dataclass(frozen=True)
class PackageFiles:
    """The other files of a package: the content of those that were kept, and all paths.

    `paths` is None if only the manifest is known. The other members are the facts of all formats
    that are described in `ManifestFormat`; `parsing` sets them, because formats cannot import their
    registry.
    """

    texts: Mapping[str, bytes] = dataclasses.field(default_factory=dict)
    paths: frozenset[str] | None = None
    component_files: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    component_manifests: tuple[str, ...] = ()
    root_variables: tuple[str, ...] = ()
    host_variables: frozenset[str] = frozenset()
    # The parsed component files by path. Several manifests of a package may name the same file.
    documents: dict[str, Document | ManifestError] = dataclasses.field(
        default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def _paths_by_folded_path(self) -> dict[str | bytes, str]:
        paths = (*self.texts, *(self.paths or ()))
        # Reversed, so that of several spellings the one with content wins.
        return {fold_path(path): path for path in reversed(paths)}

    def find(self, path: str) -> str | None:
        """Return the package's spelling of a path, or None if no file has it.

        Upper and lower case and Unicode forms do not differ: on the file systems of most desktops an
        assistant that opens `hooks/hooks.json` gets `Hooks/HOOKS.json`, so that file has to be
        reported too.
        """
        return self._paths_by_folded_path.get(fold_path(posixpath.normpath(path)))


class ManifestFormat(Struct, frozen=True):
    """A manifest format. Everything that is particular to one format is a member of its object.

    Files: a manifest is written to `path`; `other_paths` are further paths or patterns (`*.x.yaml`)
    where it is found. Formats are tried in the order of the registry.

    Fields: `fields` are read and written in their order. `retained_fields` belong to the format but
    not to the model, and are kept without a warning; `ignored_fields` are dropped with one. With
    `has_kind_fields` the fields of the plugin's kind are top-level fields. Invalid values of
    descriptive fields are dropped with a warning, as by the hosts of the format; with `is_strict`
    they are errors. `prepare` may rearrange the document before its fields are read; `complete` runs
    after them and sees the whole package.

    Packages: `entry_point` is the module that is loaded if the manifest has no `main`.
    `content_paths` are the files and folders of which a package must have at least one.
    `component_files` maps the name of a component field to the files that assistants read whether
    or not the manifest names them. `is_component_manifest` says that assistants run the components
    of such a file even if the package is published with a manifest of another format.
    `root_variables` are environment variables with the path of the plugin's folder, and
    `host_variables` all others that the host sets for a plugin: they hold no data of the user, so
    reading them is not a permission. Of its paths, `foreign_paths` belong to another program first
    (`package.json` to npm): beside another manifest they are ordinary data. `shared_paths` are common
    file names: beside another manifest such a file counts only if it has a name and a version.

    Authors and users: `scaffolds` holds the starter files of each kind (the first is the default),
    `scaffold_comment` is appended to a new manifest, and `host_command` is the host's own command,
    whose plugin commands `plugport` supports too.
    """

    name: str
    title: str
    path: str
    syntax: Literal["json", "yaml"]
    fields: tuple[FormatField, ...]
    kinds: tuple[str, ...]
    scaffolds: Mapping[str, Scaffold]
    other_paths: tuple[str, ...] = ()
    retained_fields: frozenset[str] = frozenset()
    ignored_fields: frozenset[str] = REGISTRY_FIELDS
    retains_unknown_fields: bool = True
    has_kind_fields: bool = False
    is_strict: bool = False
    prepare: Callable[[Document], Document] = lambda document: document
    complete: Callable[[Cursor, Draft, PackageFiles], None] = lambda _root, _draft, _package: None
    entry_point: str | None = None
    content_paths: tuple[str, ...] = ()
    component_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_component_manifest: bool = False
    root_variables: tuple[str, ...] = ()
    host_variables: frozenset[str] = frozenset()
    foreign_paths: frozenset[str] = frozenset()
    shared_paths: frozenset[str] = frozenset()
    scaffold_comment: str = ""
    host_command: str | None = None

    def parse_document(self, content: bytes, file: str) -> Document:
        """Parse a file as JSON or YAML. Raises `ManifestError`."""
        is_json = self.syntax == "json" or file.endswith(".json")
        return self.prepare((parse_json if is_json else parse_yaml)(content, file))

    def build_draft(self, root: Cursor) -> Draft:
        """Read all fields of a document. Reports problems and does not raise."""
        assert isinstance(root.value, dict)
        # In a format with several kinds, one of the fields sets the kind.
        draft = Draft(kind=self.kinds[0] if len(self.kinds) == 1 else None)
        for item in self.fields:
            # `key:` without a value is null in YAML and counts as absent.
            if root.value.get(item.name) is not None:
                root.problems.is_tolerant = item.is_descriptive and not self.is_strict
                item.parse(root.child(item.name, root.value[item.name]), draft)
                root.problems.is_tolerant = False
            elif item.is_required:
                root.child(item.name, None).fail("is required", "missing-field")
        known = {item.name for item in self.fields}
        if self.has_kind_fields:
            known |= parse_top_level_kind_fields(root, draft)
        for key, value in root.value.items():
            if key not in known:
                self._add_unlisted_field(root.child(key, value), key, draft)
        return draft

    def _add_unlisted_field(self, cursor: Cursor, key: str, draft: Draft) -> None:
        if key in self.ignored_fields:
            cursor.warn(
                f"{quote_text(key)} is set by the registry and ignored here", "registry-decides"
            )
            return
        if key not in self.retained_fields:
            outcome = "kept but not used" if self.retains_unknown_fields else "ignored"
            allowed = ", ".join(item.name for item in self.fields)
            cursor.warn(
                f"{quote_text(key)} is not a known field and is {outcome}",
                "unknown-field",
                allowed=allowed,
            )
        if key in self.retained_fields or self.retains_unknown_fields:
            draft.extra[key] = cursor.value


def parse_top_level_kind_fields(root: Cursor, draft: Draft) -> set[str]:
    """Read the fields of the draft's kind from the top level. Returns the names of that kind's fields."""
    kind = KINDS.get(draft.kind or "")
    assert isinstance(root.value, dict)
    for item in kind.fields if kind else ():
        if item.name in root.value:
            value = parse_kind_field(root.child(item.name, root.value[item.name]), item)
            if value is not None:
                draft.kind_fields[item.name] = value
    return {item.name for item in kind.fields} if kind else set()
