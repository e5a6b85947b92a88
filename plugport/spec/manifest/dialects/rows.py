"""Rows that several dialects share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from plugport.spec.manifest.configs import read_config, write_config
from plugport.spec.manifest.dependencies import read_packages, read_range
from plugport.spec.manifest.dialects.base import Row
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Reader, Spot, read_line, read_paragraph, read_path
from plugport.spec.manifest.identity import read_name, read_version
from plugport.spec.manifest.kind_fields import read_kind_field
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.labels import MAX_CATEGORIES, MAX_TAGS, merge_labels, read_labels
from plugport.spec.manifest.links import (
    read_license,
    read_repository,
    read_url,
    write_repository,
)
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.people import read_person, write_person, write_person_line
from plugport.spec.manifest.permissions import (
    join_permissions,
    read_permissions,
    write_permissions,
)
from plugport.spec.manifest.serialise import write_key

T = TypeVar("T")
Write = Callable[[Manifest], Any]


def make_row(
    name: str, target: str, reader: Reader[T], doc: str, write: Write | None = None
) -> Row:
    """Build the row of a field that goes into one member of the manifest as it is."""

    def read(spot: Spot, draft: Draft) -> None:
        value = reader(spot)
        if value is not None:
            setattr(draft, target, value)

    return Row(
        name,
        write_key(target),
        doc,
        read,
        write or (lambda manifest: getattr(manifest, target) or None),
    )


def make_label_row(name: str, target: str, limit: int, doc: str, *, written: bool = True) -> Row:
    """Build the row of a list of labels, which may come from several fields."""

    def read(spot: Spot, draft: Draft) -> None:
        merged = merge_labels(spot, getattr(draft, target), read_labels(spot) or (), limit)
        setattr(draft, target, merged)

    return Row(
        name, target, doc, read, lambda m: list(getattr(m, target)) or None if written else None
    )


def make_kind_row(kind: str, name: str, spelling: str | None = None) -> Row:
    """Build the row of one of a kind's own fields, perhaps under another name."""
    item = next(field for field in KINDS[kind].fields if field.name == name)

    def read(spot: Spot, draft: Draft) -> None:
        value = read_kind_field(spot, item)
        if value is not None:
            draft.kind_fields[name] = value

    return Row(
        spelling or name, f"kindFields.{name}", item.doc, read, lambda m: m.kind_fields.get(name)
    )


def make_dependency_row(
    name: str, target: str, reader: Callable[[Spot], dict[str, str]], doc: str
) -> Row:
    """Build the row of one of the three sorts of dependencies."""

    def read(spot: Spot, draft: Draft) -> None:
        known: Mapping[str, str] = getattr(draft.dependencies, target)
        draft.dependencies = replace(draft.dependencies, **{target: {**known, **reader(spot)}})

    return Row(
        name,
        f"dependencies.{target}",
        doc,
        read,
        lambda m: dict(getattr(m.dependencies, target)) or None,
    )


def _read_permissions(spot: Spot, draft: Draft) -> None:
    draft.permissions = join_permissions(
        draft.permissions, read_permissions(spot) or draft.permissions
    )


NAME = make_row(
    "name", "name", read_name, "`name` or `@scope/name`; required", lambda m: str(m.name)
)
VERSION = make_row(
    "version",
    "version",
    read_version,
    "semantic version, as text; required",
    lambda m: str(m.version),
)
DISPLAY_NAME = make_row("displayName", "display_name", read_line, "the name as people read it")
DESCRIPTION = make_row("description", "description", read_paragraph, "what it does, in a paragraph")
AUTHOR = make_row(
    "author",
    "author",
    read_person,
    "`{name, email, url}` or `Name <mail> (url)`",
    lambda m: write_person(m.author) if m.author else None,
)
AUTHOR_LINE = replace(
    AUTHOR,
    doc="`Name <mail> (url)`",
    write=lambda m: write_person_line(m.author) if m.author else None,
)
LICENSE = make_row("license", "license", read_license, "SPDX expression")
HOMEPAGE = make_row("homepage", "homepage", read_url, "web address")
REPOSITORY = make_row(
    "repository",
    "repository",
    read_repository,
    "URL, `org/repo`, `github:org/repo`, or `{type, url, directory}`",
    lambda m: write_repository(m.repository) if m.repository else None,
)
CATEGORIES = make_label_row("categories", "categories", MAX_CATEGORIES, "list of categories")
# Formats with both spellings write one category as `category`, and only several as a list.
CATEGORY = replace(
    make_label_row("category", "categories", MAX_CATEGORIES, "one category"),
    write=lambda m: m.categories[0] if len(m.categories) == 1 else None,
)
MORE_CATEGORIES = replace(
    CATEGORIES,
    doc="list of categories, joined with `category`",
    write=lambda m: list(m.categories) if len(m.categories) > 1 else None,
)
TAGS = make_label_row("tags", "tags", MAX_TAGS, "words to find it by")
KEYWORDS = make_label_row("keywords", "tags", MAX_TAGS, "words to find it by")
MAIN = make_row("main", "main", read_path, "the file that is loaded")
TYPES = make_row("types", "types", read_path, "the file with its type declarations")
CONFIG = make_row(
    "config",
    "config",
    read_config,
    "`{schema, required, optional}`",
    lambda m: write_config(m.config),
)
FRAMEWORK = make_row(
    "framework", "framework", read_range, "range of the framework it is written for"
)
ENGINE = make_row(
    "engine", "engine", read_packages, "runtimes and their ranges", lambda m: dict(m.engine) or None
)
PERMISSIONS = Row(
    "permissions",
    "permissions",
    "`{filesystem, network, exec, env, components}`, each a list",
    _read_permissions,
    lambda m: write_permissions(m.permissions),
)
