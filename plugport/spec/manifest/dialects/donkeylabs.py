"""`package.json` (with `index.ts`) or `manifest.json`: plugins of DonkeyLabs.

A `package.json` is npm's format first: what npm knows and the model does not is kept as it is.
"""

from __future__ import annotations

from dataclasses import replace

from plugport.spec.manifest.dependencies import read_packages, read_plugins
from plugport.spec.manifest.dialects import rows
from plugport.spec.manifest.dialects.base import REGISTRY_FIELDS, Dialect, Package, Row
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import Spot, each_member, read_list
from plugport.spec.manifest.labels import MAX_TAGS
from plugport.spec.manifest.model import Dependencies, JsonValue, Manifest
from plugport.spec.manifest.permissions import (
    join_permissions,
    make_permissions,
    read_env_name,
    subtract_permissions,
    write_permissions,
)
from plugport.spec.text import show

FRAMEWORK = "@donkeylabs/server"
NPM_FIELDS = """
    $schema bin browser bugs bun bundleDependencies bundledDependencies catalog config
    contributors cpu dependenciesMeta devDependencies devEngines directories exports files funding
    imports jsdelivr libc licenses maintainers man module optionalDependencies os overrides
    packageManager peerDependenciesMeta pnpm private publishConfig readme resolutions scripts
    sideEffects svelte trustedDependencies type typesVersions unpkg volta workspaces
"""


def _read_dependencies(spot: Spot, draft: Draft) -> None:
    if isinstance(spot.value, list):
        draft.dependencies = Dependencies(read_plugins(spot), {}, draft.dependencies.peer)
        return
    if not isinstance(spot.value, dict) or not _is_split(spot.value):
        draft.dependencies = replace(draft.dependencies, packages=read_packages(spot))
        return
    readers = {"plugins": read_plugins, "packages": read_packages}
    for key, member in each_member(spot):
        if key in readers:
            draft.dependencies = replace(draft.dependencies, **{key: readers[key](member)})
        else:
            member.warn(
                f"{show(key)} is unknown here", "unknown-field", allowed="plugins, packages"
            )


def _is_split(value: dict[str, JsonValue]) -> bool:
    # npm packages named `plugins` and `packages` exist; their ranges are text.
    return any(isinstance(value.get(key), list | dict) for key in ("plugins", "packages"))


def _write_dependencies(manifest: Manifest) -> JsonValue:
    plugins, packages = manifest.dependencies.plugins, manifest.dependencies.packages
    if not plugins:
        return dict(packages) or None
    # The form people write: names alone, where any version will do.
    is_bare = all(text == "*" for text in plugins.values())
    written: dict[str, JsonValue] = {"plugins": list(plugins) if is_bare else dict(plugins)}
    return written | ({"packages": dict(packages)} if packages else {})


def _read_environment(spot: Spot, draft: Draft) -> None:
    names = read_list(spot, read_env_name, "a list of variable names") or ()
    draft.permissions = join_permissions(draft.permissions, make_permissions(env=names))


def _write_permissions(manifest: Manifest) -> JsonValue:
    # They stand in `envVars` already.
    written_before = make_permissions(env=manifest.permissions.env)
    return write_permissions(subtract_permissions(manifest.permissions, written_before))


def _write_framework(manifest: Manifest) -> JsonValue:
    implied = manifest.dependencies.peer.get(FRAMEWORK)
    return None if manifest.framework == implied else manifest.framework


def _complete(root: Spot, draft: Draft, _package: Package) -> None:
    assert isinstance(root.value, dict)
    draft.framework = draft.framework or draft.dependencies.peer.get(FRAMEWORK)
    if root.value.get("private") is True:
        hint = "Remove `private` from the manifest if it is meant to be published."
        root.child("private", True).fail("is true, so it is not published", "private", hint=hint)


DIALECT = Dialect(
    name="donkeylabs",
    title="DonkeyLabs",
    path="package.json",
    format="json",
    kinds=("service",),
    rows=(
        rows.NAME,
        rows.VERSION,
        rows.DISPLAY_NAME,
        rows.DESCRIPTION,
        rows.AUTHOR,
        rows.LICENSE,
        rows.HOMEPAGE,
        rows.REPOSITORY,
        rows.CATEGORY,
        rows.MORE_CATEGORIES,
        rows.KEYWORDS,
        rows.make_label_row("tags", "tags", MAX_TAGS, "joined with `keywords`", written=False),
        rows.MAIN,
        rows.TYPES,
        replace(rows.TYPES, name="typings", doc="another name of `types`", write=lambda _: None),
        Row(
            "dependencies",
            "dependencies",
            "npm packages, a list of plugins, or `{plugins, packages}`",
            _read_dependencies,
            _write_dependencies,
        ),
        rows.make_dependency_row("peerDependencies", "peer", read_packages, "packages of the host"),
        replace(rows.ENGINE, name="engines"),
        replace(rows.ENGINE, doc="joined with `engines`", write=lambda _: None),
        replace(rows.FRAMEWORK, write=_write_framework),
        rows.make_kind_row("service", "copy"),
        rows.make_kind_row("service", "register"),
        rows.make_kind_row("service", "instructions"),
        Row(
            "envVars",
            "permissions.env",
            "environment variables it reads",
            _read_environment,
            lambda m: list(m.permissions.env) or None,
        ),
        replace(rows.PERMISSIONS, write=_write_permissions),
    ),
    kept=frozenset(NPM_FIELDS.split()),
    ignored=REGISTRY_FIELDS | {"checksum", "size"},
    complete=_complete,
)
