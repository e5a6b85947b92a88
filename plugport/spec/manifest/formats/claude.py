"""`.claude-plugin/plugin.json`: plugins of Claude Code.

The format is open: unknown fields are common, and kept. Hooks and servers are declared inline, in
a file that the manifest names, or in a file at a default path that no field mentions.
"""

from __future__ import annotations

from msgspec.structs import replace

from plugport.spec.manifest.dependencies import parse_plugins
from plugport.spec.manifest.document import Document, SourcePosition, describe_value
from plugport.spec.manifest.draft import Draft
from plugport.spec.manifest.fields import (
    Cursor,
    ManifestProblems,
    iter_items,
    iter_members,
    parse_path,
)
from plugport.spec.manifest.formats import agent_plugins, common_fields
from plugport.spec.manifest.formats.active_components import (
    ACTIVE_COMPONENTS,
    parse_active_components,
)
from plugport.spec.manifest.formats.base import FormatField, ManifestFormat, PackageFiles, Scaffold
from plugport.spec.manifest.model import Config, JsonValue, Manifest, Permissions
from plugport.spec.manifest.permissions import (
    ANY,
    PERMISSION_NAMES,
    build_permissions,
    build_permissions_value,
    join_permissions,
    parse_permissions,
    subtract_permissions,
)
from plugport.spec.manifest.taxonomy import MAX_TAGS

_RETAINED_FIELDS = (
    "$schema strict source settings monitors channels themes experimental defaultEnabled"
)
COMPONENT_FILES = {
    "hooks": ("hooks/hooks.json",),
    "mcpServers": (".mcp.json",),
    "lspServers": (".lsp.json",),
}
ROOT_VARIABLES = ("CLAUDE_PLUGIN_ROOT",)
SCAFFOLDS = {"toolset": Scaffold(("common", "assistant/skill", "assistant/command"))}
PATHS = ("commands", "agents", "skills", "outputStyles")
COMPONENTS = (*PATHS, *(component.field for component in ACTIVE_COMPONENTS))


def _check_component_paths(cursor: Cursor) -> None:
    # Commands, agents and skills are a path, a list of paths, or a mapping by name.
    if not isinstance(cursor.value, dict):
        for item in iter_items(cursor, "a path, a list of paths, or a mapping"):
            parse_path(item)
        return
    for _, member in iter_members(cursor):
        if not isinstance(member.value, dict):
            _check_path(member)
        elif member.value.get("source") is not None:
            _check_path(member.child("source", member.value["source"]))


def _check_path(cursor: Cursor) -> None:
    if isinstance(cursor.value, str):
        parse_path(cursor)
    else:
        # Some marketplaces have numbers and descriptions here. Claude Code ignores them.
        detail = f"must be a path or a mapping, found {describe_value(cursor.value)}; it is ignored"
        cursor.warn(detail, "not-a-component", allowed="a path or a mapping")


def _check_active_component(cursor: Cursor) -> None:
    for item in iter_items(cursor) if isinstance(cursor.value, str | list) else (cursor,):
        if isinstance(item.value, str):
            parse_path(item)
        elif not isinstance(item.value, dict):
            item.expect("a path or a mapping")


def check_component(name: str, cursor: Cursor) -> None:
    """Report paths of a component field that leave the plugin's folder."""
    (_check_component_paths if name in PATHS else _check_active_component)(cursor)


def _build_component_field(name: str, doc: str) -> FormatField:
    def parse(cursor: Cursor, draft: Draft) -> None:
        check_component(name, cursor)
        draft.components[name] = cursor.value

    return FormatField(
        name, f"components.{name}", doc, parse, lambda manifest: manifest.components.get(name)
    )


# Tools of Claude Code and the permissions they amount to. `.` is the user's project.
_TOOLS = {
    "read": build_permissions(filesystem={"read:."}),
    "glob": build_permissions(filesystem={"read:."}),
    "grep": build_permissions(filesystem={"read:."}),
    "write": build_permissions(filesystem={"write:."}),
    "edit": build_permissions(filesystem={"write:."}),
    "bash": build_permissions(exec={ANY}),
    "webfetch": build_permissions(network={ANY}),
    "websearch": build_permissions(network={ANY}),
    "network": build_permissions(network={ANY}),
}
_WORD_LISTS = ("requires", "optional", "tools")
# Prefixes of words such as `network:HOST` and `secrets:NAME`, and the permission they mean.
_PREFIXES = {"network": "network", "secrets": "env", "env": "env", "exec": "exec"}


def _parse_permissions(cursor: Cursor, draft: Draft) -> None:
    if not isinstance(cursor.value, dict):
        cursor.expect("a mapping")
        return
    own = {key: value for key, value in cursor.value.items() if key in PERMISSION_NAMES}
    permissions = parse_permissions(Cursor(own, cursor.path, cursor.problems)) or Permissions()
    words = [
        _parse_word(item)
        for key in _WORD_LISTS
        if key in cursor.value
        for item in iter_items(cursor.child(key, cursor.value[key]), "a list of texts")
    ]
    draft.permissions = join_permissions(draft.permissions, permissions, *words)
    # The author's own form is kept, because the lists of words cannot be restored from permissions.
    if build_permissions_value(permissions) != cursor.value:
        draft.extra["permissions"] = cursor.value


def _parse_word(cursor: Cursor) -> Permissions:
    if not isinstance(cursor.value, str):
        cursor.expect("text")
        return Permissions()
    tool, _, detail = cursor.value.partition(":")
    if detail and tool in _PREFIXES:
        inner: dict[str, JsonValue] = {_PREFIXES[tool]: [detail]}
        return parse_permissions(Cursor(inner, cursor.path, cursor.problems)) or Permissions()
    if detail and tool in {"read", "write"}:
        listed: dict[str, JsonValue] = {"filesystem": [cursor.value]}
        return parse_permissions(Cursor(listed, cursor.path, cursor.problems)) or Permissions()
    # `Bash(git *)` limits a tool to some commands, which the list of programs cannot express. The
    # limit is ignored: users should rather see too many permissions than too few.
    return _TOOLS.get(cursor.value.partition("(")[0].lower(), Permissions())


def _build_permissions_value(manifest: Manifest) -> JsonValue:
    # Permissions that follow from inline components are added again when the file is parsed.
    components = dict(manifest.components)
    problems = ManifestProblems(Document(components, {(): SourcePosition("manifest")}))
    # Claude Code's manifests also use the variable of the open standard. A command with another
    # format's variable is not recognized here, so its permission is written explicitly.
    package = PackageFiles(root_variables=(*ROOT_VARIABLES, *agent_plugins.FORMAT.root_variables))
    implied = parse_active_components(Cursor(components, (), problems), package)
    return build_permissions_value(subtract_permissions(manifest.permissions, implied))


_PERMISSIONS = FormatField(
    "permissions",
    "permissions",
    "`{filesystem, network, exec, env, components}`, or lists `requires` and `optional` of tools",
    _parse_permissions,
    _build_permissions_value,
)


# Types of settings that JSON schema does not have. They are stored as a `format`.
_SETTING_FORMATS = frozenset({"directory", "file"})


def _parse_user_config(cursor: Cursor) -> Config | None:
    """Parse settings by name; each becomes a property of a JSON schema."""
    properties: dict[str, JsonValue] = {}
    lists: dict[bool, list[str]] = {True: [], False: []}
    for key, member in iter_members(cursor):
        if not isinstance(member.value, dict):
            member.expect("a mapping that describes a setting")
            continue
        # The property keeps all members of the setting, so that it can be written back.
        setting = dict(member.value)
        if setting.get("type") in _SETTING_FORMATS:
            setting |= {"type": "string", "format": setting["type"]}
        properties[key] = setting
        lists[setting.get("required") is True].append(key)
    if not properties:
        return None
    schema: dict[str, JsonValue] = {"type": "object", "properties": properties}
    return Config(schema, tuple(lists[True]), tuple(lists[False]))


def _build_user_config_value(manifest: Manifest) -> JsonValue:
    """Return settings by name, or None if there are none."""
    properties = manifest.config.schema.get("properties") if manifest.config else None
    if not isinstance(properties, dict):
        return None
    settings: dict[str, JsonValue] = {}
    for key, each in properties.items():
        setting = dict(each) if isinstance(each, dict) else {}
        if setting.get("type") == "string" and setting.get("format") in _SETTING_FORMATS:
            setting["type"] = setting.pop("format")
        settings[key] = setting
    return settings


def _complete(root: Cursor, draft: Draft, package: PackageFiles) -> None:
    draft.permissions = join_permissions(draft.permissions, parse_active_components(root, package))


FORMAT = ManifestFormat(
    name="claude",
    title="Claude Code",
    path=".claude-plugin/plugin.json",
    syntax="json",
    kinds=("toolset",),
    fields=(
        common_fields.NAME,
        common_fields.VERSION,
        common_fields.DISPLAY_NAME,
        common_fields.DESCRIPTION,
        common_fields.AUTHOR,
        common_fields.HOMEPAGE,
        common_fields.REPOSITORY,
        common_fields.LICENSE,
        common_fields.KEYWORDS,
        common_fields.build_label_field(
            "tags", "tags", MAX_TAGS, "joined with `keywords`", is_written=False
        ),
        common_fields.CATEGORY,
        common_fields.MORE_CATEGORIES,
        *(_build_component_field(name, "a path, a list, or a mapping by name") for name in PATHS),
        *(
            _build_component_field(
                name, f"inline or paths; also read without being named: `{'`, `'.join(paths)}`"
            )
            for name, paths in COMPONENT_FILES.items()
        ),
        common_fields.build_dependency_field(
            "dependencies", "plugins", parse_plugins, "required plugins"
        ),
        replace(common_fields.ENGINE, name="engines", doc="hosts and their version ranges"),
        common_fields.build_field(
            "userConfig", "config", _parse_user_config, "settings by name", _build_user_config_value
        ),
        _PERMISSIONS,
    ),
    retained_fields=frozenset(_RETAINED_FIELDS.split()),
    complete=_complete,
    content_paths=(
        "commands",
        "agents",
        "skills",
        "hooks",
        "output-styles",
        ".mcp.json",
        ".lsp.json",
    ),
    component_files=COMPONENT_FILES,
    is_component_manifest=True,
    root_variables=ROOT_VARIABLES,
    host_variables=frozenset({"CLAUDE_PLUGIN_DATA", "CLAUDE_PROJECT_DIR"}),
    scaffolds=SCAFFOLDS,
)
