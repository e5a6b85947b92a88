"""`package.json` (with `index.ts`) or `manifest.json`: plugins of DonkeyLabs.

A `package.json` is an npm manifest too. Fields that only npm uses are retained without a warning.
"""

from __future__ import annotations

from msgspec.structs import replace

from plugport.spec.manifest.dependencies import parse_packages, parse_plugins
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Cursor, iter_members
from plugport.spec.manifest.formats import common_fields
from plugport.spec.manifest.formats.base import (
    REGISTRY_FIELDS,
    FormatField,
    ManifestFormat,
    PackageFiles,
    Scaffold,
)
from plugport.spec.manifest.model import Dependencies, JsonValue, Manifest
from plugport.spec.manifest.taxonomy import MAX_TAGS
from plugport.spec.text import quote_text

FRAMEWORK = "@donkeylabs/server"
SCAFFOLDS = {"service": Scaffold(("common", "service"), "index.ts")}
_NPM_FIELDS = """
    $schema bin browser bugs bun bundleDependencies bundledDependencies catalog config
    contributors cpu dependenciesMeta devDependencies devEngines directories exports files funding
    imports jsdelivr libc licenses maintainers man module optionalDependencies os overrides
    packageManager peerDependenciesMeta pnpm private publishConfig readme resolutions scripts
    sideEffects svelte trustedDependencies type typesVersions unpkg volta workspaces
"""


def _parse_dependencies(cursor: Cursor, draft: Draft) -> None:
    if isinstance(cursor.value, list):
        draft.dependencies = Dependencies(parse_plugins(cursor), {}, draft.dependencies.peer)
        return
    if not isinstance(cursor.value, dict) or not _is_split(cursor.value):
        draft.dependencies = replace(draft.dependencies, packages=parse_packages(cursor))
        return
    parsers = {"plugins": parse_plugins, "packages": parse_packages}
    for key, member in iter_members(cursor):
        if key in parsers:
            draft.dependencies = replace(draft.dependencies, **{key: parsers[key](member)})
        else:
            member.warn(
                f"{quote_text(key)} is not a known member",
                "unknown-field",
                allowed="plugins, packages",
            )


def _is_split(value: dict[str, JsonValue]) -> bool:
    # npm has packages with the names `plugins` and `packages`; their ranges are texts.
    return any(isinstance(value.get(key), list | dict) for key in ("plugins", "packages"))


def _build_dependencies_value(manifest: Manifest) -> JsonValue:
    plugins, packages = manifest.dependencies.plugins, manifest.dependencies.packages
    if not plugins:
        return dict(packages) or None
    # A list of names if every range is `*`, as authors write it.
    is_bare = all(text == "*" for text in plugins.values())
    members: dict[str, JsonValue] = {"plugins": list(plugins) if is_bare else dict(plugins)}
    return members | ({"packages": dict(packages)} if packages else {})


def _build_framework_value(manifest: Manifest) -> JsonValue:
    # `peerDependencies` implies it.
    implied = manifest.dependencies.peer.get(FRAMEWORK)
    return None if manifest.framework == implied else manifest.framework


def _complete(root: Cursor, draft: Draft, _package: PackageFiles) -> None:
    assert isinstance(root.value, dict)
    draft.framework = draft.framework or draft.dependencies.peer.get(FRAMEWORK)
    if root.value.get("private") is True:
        # npm refuses to publish such packages: the flag protects against publishing by accident.
        hint = "To publish the package, remove `private` from the manifest."
        root.child("private", True).fail(
            "is true, so the package is not published", "private", hint=hint
        )


FORMAT = ManifestFormat(
    name="donkeylabs",
    title="DonkeyLabs",
    path="package.json",
    syntax="json",
    other_paths=("manifest.json",),
    kinds=("service",),
    fields=(
        common_fields.NAME,
        common_fields.VERSION,
        common_fields.DISPLAY_NAME,
        common_fields.DESCRIPTION,
        common_fields.AUTHOR,
        common_fields.LICENSE,
        common_fields.HOMEPAGE,
        common_fields.REPOSITORY,
        common_fields.CATEGORY,
        common_fields.MORE_CATEGORIES,
        common_fields.KEYWORDS,
        common_fields.build_label_field(
            "tags", "tags", MAX_TAGS, "joined with `keywords`", is_written=False
        ),
        common_fields.MAIN,
        common_fields.TYPES,
        replace(
            common_fields.TYPES, name="typings", doc="alias of `types`", build_value=lambda _: None
        ),
        FormatField(
            "dependencies",
            "dependencies",
            "npm packages, a list of plugins, or `{plugins, packages}`",
            _parse_dependencies,
            _build_dependencies_value,
        ),
        common_fields.build_dependency_field(
            "peerDependencies", "peer", parse_packages, "packages of the host"
        ),
        replace(common_fields.ENGINE, name="engines"),
        replace(common_fields.ENGINE, doc="joined with `engines`", build_value=lambda _: None),
        replace(common_fields.FRAMEWORK, build_value=_build_framework_value),
        common_fields.build_kind_field("service", "copy"),
        common_fields.build_kind_field("service", "register"),
        common_fields.build_kind_field("service", "instructions"),
        common_fields.build_environment_field("envVars"),
        common_fields.PERMISSIONS_WITHOUT_ENV,
    ),
    retained_fields=frozenset(_NPM_FIELDS.split()),
    ignored_fields=REGISTRY_FIELDS | {"checksum", "size"},
    complete=_complete,
    entry_point="index.ts",
    foreign_paths=frozenset({"package.json"}),
    shared_paths=frozenset({"manifest.json"}),
    scaffolds=SCAFFOLDS,
    host_command="donkeylabs",
)
