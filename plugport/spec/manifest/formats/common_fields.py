"""Fields that several manifest formats share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from plugport.spec.manifest.authors import build_person_value, format_person, parse_person
from plugport.spec.manifest.config import build_config_value, parse_config
from plugport.spec.manifest.dependencies import parse_packages, parse_range
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import (
    Cursor,
    FieldParser,
    parse_line,
    parse_list,
    parse_paragraph,
    parse_path,
)
from plugport.spec.manifest.formats.base import FormatField
from plugport.spec.manifest.identity import parse_name, parse_version
from plugport.spec.manifest.kind_fields import parse_kind_field
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.links import (
    build_repository_value,
    parse_license,
    parse_repository,
    parse_url,
)
from plugport.spec.manifest.model import JsonValue, Manifest, format_json_key
from plugport.spec.manifest.permissions import (
    build_permissions,
    build_permissions_value,
    join_permissions,
    parse_env_name,
    parse_permissions,
    subtract_permissions,
)
from plugport.spec.manifest.taxonomy import MAX_CATEGORIES, MAX_TAGS, merge_labels, parse_labels

T = TypeVar("T")
ValueBuilder = Callable[[Manifest], Any]


def build_field(
    name: str,
    target: str,
    parser: FieldParser[T],
    doc: str,
    build_value: ValueBuilder | None = None,
    *,
    is_descriptive: bool = False,
) -> FormatField:
    """Return a field whose parsed value is one member of the manifest."""

    def parse(cursor: Cursor, draft: Draft) -> None:
        value = parser(cursor)
        if value is not None:
            setattr(draft, target, value)

    return FormatField(
        name,
        format_json_key(target),
        doc,
        parse,
        build_value or (lambda manifest: getattr(manifest, target) or None),
        is_descriptive=is_descriptive,
    )


def build_label_field(
    name: str, target: str, limit: int, doc: str, *, is_written: bool = True
) -> FormatField:
    """Return a field with tags or categories, which are added to those of other fields."""

    def parse(cursor: Cursor, draft: Draft) -> None:
        merged = merge_labels(cursor, getattr(draft, target), parse_labels(cursor) or (), limit)
        setattr(draft, target, merged)

    return FormatField(
        name,
        target,
        doc,
        parse,
        lambda m: list(getattr(m, target)) or None if is_written else None,
        is_descriptive=True,
    )


def build_kind_field(kind: str, name: str, spelling: str | None = None) -> FormatField:
    """Return a field of a kind, which may have another name (`spelling`) in this format."""
    item = next(field for field in KINDS[kind].fields if field.name == name)

    def parse(cursor: Cursor, draft: Draft) -> None:
        value = parse_kind_field(cursor, item)
        if value is not None:
            draft.kind_fields[name] = value

    return FormatField(
        spelling or name, f"kindFields.{name}", item.doc, parse, lambda m: m.kind_fields.get(name)
    )


def build_dependency_field(
    name: str, target: str, parser: Callable[[Cursor], dict[str, str]], doc: str
) -> FormatField:
    """Return a field with dependencies of one type: `plugins`, `packages` or `peer`."""

    def parse(cursor: Cursor, draft: Draft) -> None:
        ranges: Mapping[str, str] = getattr(draft.dependencies, target)
        draft.dependencies = replace(draft.dependencies, **{target: {**ranges, **parser(cursor)}})

    return FormatField(
        name,
        f"dependencies.{target}",
        doc,
        parse,
        lambda m: dict(getattr(m.dependencies, target)) or None,
    )


def build_environment_field(name: str) -> FormatField:
    """Return a field with variables to read, for formats that keep them outside `permissions`."""

    def parse(cursor: Cursor, draft: Draft) -> None:
        names = parse_list(cursor, parse_env_name, "a list of variable names") or ()
        draft.permissions = join_permissions(draft.permissions, build_permissions(env=names))

    return FormatField(
        name,
        "permissions.env",
        "environment variables it reads",
        parse,
        lambda m: list(m.permissions.env) or None,
    )


def _build_permissions_without_env(manifest: Manifest) -> JsonValue:
    env_permissions = build_permissions(env=manifest.permissions.env)
    return build_permissions_value(subtract_permissions(manifest.permissions, env_permissions))


def _parse_permissions(cursor: Cursor, draft: Draft) -> None:
    # Other fields, such as `envVars` and `trust`, add permissions as well.
    draft.permissions = join_permissions(
        draft.permissions, parse_permissions(cursor) or draft.permissions
    )


NAME = build_field(
    "name", "name", parse_name, "`name` or `@scope/name`; required", lambda m: str(m.name)
)
VERSION = build_field(
    "version",
    "version",
    parse_version,
    "semantic version, as text; required",
    lambda m: str(m.version),
)
DISPLAY_NAME = build_field(
    "displayName", "display_name", parse_line, "the display name", is_descriptive=True
)
DESCRIPTION = build_field(
    "description",
    "description",
    parse_paragraph,
    "a description, one paragraph",
    is_descriptive=True,
)
AUTHOR = build_field(
    "author",
    "author",
    parse_person,
    "`{name, email, url, github}` or `Name <email> (url)`",
    lambda m: build_person_value(m.author) if m.author else None,
    is_descriptive=True,
)
AUTHOR_LINE = replace(
    AUTHOR,
    doc="`Name <email> (url)`",
    build_value=lambda m: format_person(m.author) if m.author else None,
)
LICENSE = build_field("license", "license", parse_license, "SPDX expression", is_descriptive=True)
HOMEPAGE = build_field("homepage", "homepage", parse_url, "URL", is_descriptive=True)
REPOSITORY = build_field(
    "repository",
    "repository",
    parse_repository,
    "URL, `org/repo`, `github:org/repo`, or `{type, url, directory}`",
    lambda m: build_repository_value(m.repository) if m.repository else None,
    is_descriptive=True,
)
CATEGORIES = build_label_field("categories", "categories", MAX_CATEGORIES, "list of categories")
# Formats with both fields get `category` for one category, and `categories` for several.
CATEGORY = replace(
    build_label_field("category", "categories", MAX_CATEGORIES, "one category"),
    build_value=lambda m: m.categories[0] if len(m.categories) == 1 else None,
)
MORE_CATEGORIES = replace(
    CATEGORIES,
    doc="list of categories, joined with `category`",
    build_value=lambda m: list(m.categories) if len(m.categories) > 1 else None,
)
TAGS = build_label_field("tags", "tags", MAX_TAGS, "search terms")
KEYWORDS = build_label_field("keywords", "tags", MAX_TAGS, "search terms")
MAIN = build_field("main", "main", parse_path, "the file that the host loads")
TYPES = build_field("types", "types", parse_path, "the file with its type declarations")
CONFIG = build_field(
    "config",
    "config",
    parse_config,
    "`{schema, required, optional}`",
    lambda m: build_config_value(m.config),
)
FRAMEWORK = build_field(
    "framework", "framework", parse_range, "supported versions of the framework, as a range"
)
ENGINE = build_field(
    "engine",
    "engine",
    parse_packages,
    "runtimes and their version ranges",
    lambda m: dict(m.engine) or None,
)
PERMISSIONS = FormatField(
    "permissions",
    "permissions",
    "`{filesystem, network, exec, env, components}`, each a list",
    _parse_permissions,
    lambda m: build_permissions_value(m.permissions),
)
# For formats with `build_environment_field`.
PERMISSIONS_WITHOUT_ENV = replace(PERMISSIONS, build_value=_build_permissions_without_env)
