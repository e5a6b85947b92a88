"""`.claude-plugin/plugin.json` and the permissions of its components."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugport.spec.manifest.model import Config, Permissions
from plugport.spec.manifest.rendering import render_manifest
from tests.unit.spec.manifest.helpers import (
    list_error_codes,
    list_errors,
    list_warnings,
    parse,
    parse_valid,
)

HOOK = {
    "matcher": "Write",
    "hooks": [{"type": "command", "command": "${CLAUDE_PLUGIN_ROOT}/hooks/x.sh $TOKEN"}],
}
SERVERS: dict[str, Any] = {
    "local": {
        "command": "npx",
        "args": ["-y", "thing", "--key=${API_KEY}"],
        "env": {"A": "${OTHER_KEY:-none}", "B": "${user_config.b}"},
    },
    "own": {"command": "${CLAUDE_PLUGIN_ROOT}/bin/server"},
    "remote": {
        "type": "http",
        "url": "https://mcp.example.org/x",
        "headers": {"Authorization": "Bearer ${TOKEN}"},
    },
}


def as_json(value: Any) -> bytes:
    return json.dumps(value, indent=1).encode()


def test_all_fields():
    manifest = parse_valid(
        "claude",
        description="Does it",
        author={"name": "Ada"},
        homepage="https://example.org",
        repository="https://example.org/r",
        license="MIT",
        keywords=["a"],
        category="b",
        commands=["./commands/x.md"],
        agents="./agents",
        skills={"x": {"source": "./skills/x", "description": "X"}},
        engines={"claude-code": ">=2.0.0"},
        dependencies=["other@^1", {"name": "third", "version": "~2.1"}, "fourth"],
    )
    assert manifest.kind == "toolset"
    assert manifest.components == {
        "commands": ["./commands/x.md"],
        "agents": "./agents",
        "skills": {"x": {"source": "./skills/x", "description": "X"}},
    }
    assert manifest.engine == {"claude-code": ">=2.0.0"}
    assert manifest.dependencies.plugins == {"other": "^1", "third": "~2.1", "fourth": "*"}
    assert manifest.permissions == Permissions()


@pytest.mark.parametrize(
    "field", ["commands", "agents", "skills", "outputStyles", "hooks", "mcpServers"]
)
def test_paths_outside_the_plugin_are_errors(field):
    assert list_error_codes("claude", **{field: ["./ok.json", "../../x"]}) == [
        (f"{field}[1]", "unsafe-path")
    ]
    assert list_error_codes("claude", **{field: "/etc/x"}) == [(field, "unsafe-path")]


def test_paths_of_named_commands_outside_the_plugin_are_errors():
    commands = {"a": "../x.md", "b": {"source": "/x.md"}, "c": {"content": "text"}}
    assert list_error_codes("claude", commands=commands) == [
        ("commands.a", "unsafe-path"),
        ("commands.b.source", "unsafe-path"),
    ]


def test_components_of_another_type_are_errors():
    assert list_error_codes("claude", commands=5, hooks=5, mcpServers=[5]) == [
        ("commands", "wrong-type"),
        ("hooks", "wrong-type"),
        ("mcpServers[0]", "wrong-type"),
    ]
    assert list_warnings("claude", skills={"count": 17}) == [("skills.count", "not-a-component")]


def test_inline_hooks_are_permissions():
    manifest = parse_valid("claude", hooks={"PostToolUse": [HOOK], "Stop": []})
    assert manifest.permissions == Permissions(
        exec=("./hooks/x.sh",), env=("TOKEN",), components=("hook:PostToolUse", "hook:Stop")
    )


def test_inline_servers_are_permissions():
    manifest = parse_valid("claude", mcpServers=SERVERS, lspServers={"go": {"command": "gopls"}})
    assert manifest.permissions == Permissions(
        network=("mcp.example.org",),
        exec=("./bin/server", "gopls", "npx"),
        env=("API_KEY", "OTHER_KEY", "TOKEN"),
        components=("lsp:go", "mcp:local", "mcp:own", "mcp:remote"),
    )


def test_a_host_with_a_variable_is_any_host():
    server = {"url": "https://${HOST}/mcp"}
    assert parse_valid("claude", mcpServers={"x": server}).permissions.network == ("*",)


def test_files_that_the_manifest_names_are_read():
    texts = {
        "hooks/more.json": as_json({"hooks": {"Stop": [HOOK]}}),
        "servers.json": as_json(SERVERS),
    }
    manifest = parse(
        "claude",
        texts=texts,
        paths=list(texts),
        hooks=["./hooks/more.json"],
        mcpServers="./servers.json",
    ).manifest
    assert manifest.permissions.components == ("hook:Stop", "mcp:local", "mcp:own", "mcp:remote")
    assert manifest.components["hooks"] == ["./hooks/more.json"]


@pytest.mark.parametrize("path", ["hooks/hooks.json", "Hooks/HOOKS.json"])
def test_component_files_are_read_without_being_named(path):
    texts = {path: as_json({"description": "x", "hooks": {"Stop": [HOOK]}})}
    assert parse("claude", texts=texts, paths=list(texts)).manifest.permissions.components == (
        "hook:Stop",
    )


@pytest.mark.parametrize("wrapped", [True, False])
def test_server_files_may_have_a_wrapper(wrapped):
    texts = {
        ".mcp.json": as_json({"mcpServers": SERVERS} if wrapped else SERVERS),
        ".lsp.json": as_json({"go": {"command": "gopls"}}),
    }
    manifest = parse("claude", texts=texts, paths=list(texts)).manifest
    assert manifest.permissions.components == ("lsp:go", "mcp:local", "mcp:own", "mcp:remote")


def test_a_file_that_cannot_be_read_may_declare_any_component():
    reading = parse("claude", paths=["hooks/hooks.json", "more.json"], mcpServers="./more.json")
    assert reading.manifest.permissions.components == ("hook:*", "mcp:*")
    assert [w.code for w in reading.warnings] == ["file-not-read", "file-not-read"]


def test_a_missing_file_is_a_warning():
    reading = parse("claude", paths=["x"], hooks="./hooks/gone.json")
    assert [(w.field, w.code) for w in reading.warnings] == [("hooks", "file-missing")]
    assert reading.manifest.permissions == Permissions()


def test_problems_of_files_have_their_own_name_and_lines():
    texts = {
        "hooks/hooks.json": b'{"hooks": {\n"Stop": 5,\n"\\u202e": []}}',
        ".mcp.json": b'{"x": 1,}',
        ".lsp.json": b'{"go": []}',
    }
    assert [
        (problem.file, problem.line, problem.code)
        for problem in list_errors("claude", texts=texts, paths=list(texts))
    ] == [
        (".lsp.json", 1, "wrong-type"),
        (".mcp.json", 1, "json-syntax"),
        ("hooks/hooks.json", 2, "wrong-type"),
        ("hooks/hooks.json", 3, "invalid-name"),
    ]


def test_declared_and_implied_permissions_are_joined():
    manifest = parse_valid("claude", permissions={"exec": ["git"]}, hooks={"Stop": [HOOK]})
    assert manifest.permissions.exec == ("./hooks/x.sh", "git")
    written = json.loads(render_manifest(manifest, "claude")[".claude-plugin/plugin.json"])
    assert written["permissions"] == {"exec": ["git"]}


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        (
            {"requires": ["Read", "Write", "Bash(git *)"], "optional": ["WebFetch", "Task"]},
            Permissions(filesystem=("read:.", "write:."), network=("*",), exec=("*",)),
        ),
        (
            {"requires": ["network:linear.app", "secrets:LINEAR_KEY"], "optional": ["write:./out"]},
            Permissions(filesystem=("write:./out",), network=("linear.app",), env=("LINEAR_KEY",)),
        ),
        (
            {
                "filesystem": [
                    {"path": "./src", "access": "readwrite"},
                    {"path": "x", "access": "read"},
                ],
                "network": [{"host": "*.github.com", "ports": [443]}],
                "tools": ["Grep"],
            },
            Permissions(filesystem=("read:.", "read:x", "write:./src"), network=("*.github.com",)),
        ),
    ],
)
def test_permissions_in_the_forms_that_plugins_use(permissions, expected):
    manifest = parse_valid("claude", permissions=permissions)
    assert manifest.permissions == expected
    assert manifest.extra == {"permissions": permissions}
    written = json.loads(render_manifest(manifest, "claude")[".claude-plugin/plugin.json"])
    assert written["permissions"] == permissions


def test_permissions_that_are_refused():
    assert list_error_codes("claude", permissions=["Read"]) == [("permissions", "wrong-type")]
    assert list_error_codes("claude", permissions={"requires": [5]}) == [
        ("permissions.requires[0]", "wrong-type")
    ]


def test_settings():
    user_config = {
        "token": {"description": "A token", "sensitive": True, "required": True},
        "folder": {"type": "directory", "description": "Where"},
    }
    manifest = parse_valid("claude", userConfig=user_config)
    assert manifest.config == Config(
        {
            "type": "object",
            "properties": {
                "token": {"description": "A token", "sensitive": True, "required": True},
                "folder": {"type": "string", "format": "directory", "description": "Where"},
            },
        },
        ("token",),
        ("folder",),
    )
    written = json.loads(render_manifest(manifest, "claude")[".claude-plugin/plugin.json"])
    assert written["userConfig"] == user_config
    assert list_error_codes("claude", userConfig={"x": 5}) == [("userConfig.x", "wrong-type")]


def test_a_version_is_required():
    (problem,) = list_errors("claude", version=...)
    assert (problem.field, problem.code, problem.line) == ("version", "missing-field", 1)


def test_a_toolset_of_the_open_standard_cannot_hide_hooks():
    texts = {
        "mcp.json": as_json({"mcpServers": SERVERS}),
        "hooks/hooks.json": as_json({"hooks": {"Stop": [HOOK]}}),
    }
    manifest = parse("agent-plugins", texts=texts, paths=list(texts)).manifest
    assert manifest.permissions.components == ("hook:Stop", "mcp:local", "mcp:own", "mcp:remote")


def test_a_toolset_in_plugport_yaml_cannot_hide_hooks():
    texts = {
        ".mcp.json": as_json(SERVERS),
        ".claude-plugin/plugin.json": as_json({"name": "x", "hooks": {"Stop": [HOOK]}}),
    }
    lsp = {"go": {"command": "gopls"}}
    manifest = parse(
        "plugport", texts=texts, paths=list(texts), components={"lspServers": lsp}
    ).manifest
    assert manifest.permissions.components == (
        "hook:Stop",
        "lsp:go",
        "mcp:local",
        "mcp:own",
        "mcp:remote",
    )
    broken = {**texts, ".mcp.json": b"{"}
    assert list_error_codes("plugport", texts=broken, paths=list(broken)) == [("", "json-syntax")]
    named = {"more.json": as_json({"Stop": [HOOK]})}
    manifest = parse(
        "plugport", texts=named, paths=list(named), components={"hooks": "./more.json"}
    ).manifest
    assert manifest.permissions.components == ("hook:Stop",)
    assert list_error_codes("plugport", components={"commands": "../x"}) == [
        ("components.commands", "unsafe-path")
    ]


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("./hooks/caf\u00e9.json", "hooks/cafe\u0301.json"),
        ("./hooks/CAFE\u0301.json", "hooks/caf\u00e9.json"),
    ],
)
def test_component_files_in_another_unicode_form(written, path):
    """macOS opens such a file, so its hooks are permissions."""
    texts = {path: as_json({"hooks": {"Stop": [HOOK]}})}
    manifest = parse_valid("claude", texts=texts, hooks=[written])
    assert manifest.permissions.components == ("hook:Stop",)
