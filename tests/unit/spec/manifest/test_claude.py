"""`.claude-plugin/plugin.json`, and what its parts do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from plugport.spec.manifest.model import Config, Permissions
from plugport.spec.manifest.writing import write_manifest
from tests.unit.spec.manifest.helpers import codes_of, faults_of, read, read_good, warnings_of

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
    manifest = read_good(
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
def test_no_part_lies_outside(field):
    assert codes_of("claude", **{field: ["./ok.json", "../../x"]}) == [
        (f"{field}[1]", "unsafe-path")
    ]
    assert codes_of("claude", **{field: "/etc/x"}) == [(field, "unsafe-path")]


def test_no_named_command_lies_outside():
    commands = {"a": "../x.md", "b": {"source": "/x.md"}, "c": {"content": "text"}}
    assert codes_of("claude", commands=commands) == [
        ("commands.a", "unsafe-path"),
        ("commands.b.source", "unsafe-path"),
    ]


def test_parts_of_another_type():
    assert codes_of("claude", commands=5, hooks=5, mcpServers=[5]) == [
        ("commands", "wrong-type"),
        ("hooks", "wrong-type"),
        ("mcpServers[0]", "wrong-type"),
    ]
    assert warnings_of("claude", skills={"count": 17}) == [("skills.count", "not-a-component")]


def test_hooks_inside_the_manifest_are_permissions():
    manifest = read_good("claude", hooks={"PostToolUse": [HOOK], "Stop": []})
    assert manifest.permissions == Permissions(
        exec=("./hooks/x.sh",), env=("TOKEN",), components=("hook:PostToolUse", "hook:Stop")
    )


def test_servers_inside_the_manifest_are_permissions():
    manifest = read_good("claude", mcpServers=SERVERS, lspServers={"go": {"command": "gopls"}})
    assert manifest.permissions == Permissions(
        network=("mcp.example.org",),
        exec=("./bin/server", "gopls", "npx"),
        env=("API_KEY", "OTHER_KEY", "TOKEN"),
        components=("lsp:go", "mcp:local", "mcp:own", "mcp:remote"),
    )


def test_a_host_that_is_not_written_out_is_any_host():
    server = {"url": "https://${HOST}/mcp"}
    assert read_good("claude", mcpServers={"x": server}).permissions.network == ("*",)


def test_files_that_the_manifest_names_are_read():
    texts = {
        "hooks/more.json": as_json({"hooks": {"Stop": [HOOK]}}),
        "servers.json": as_json(SERVERS),
    }
    manifest = read(
        "claude",
        texts=texts,
        paths=list(texts),
        hooks=["./hooks/more.json"],
        mcpServers="./servers.json",
    ).manifest
    assert manifest.permissions.components == ("hook:Stop", "mcp:local", "mcp:own", "mcp:remote")
    assert manifest.components["hooks"] == ["./hooks/more.json"]


@pytest.mark.parametrize("path", ["hooks/hooks.json", "Hooks/HOOKS.json"])
def test_usual_files_are_read_though_nothing_names_them(path):
    texts = {path: as_json({"description": "x", "hooks": {"Stop": [HOOK]}})}
    assert read("claude", texts=texts, paths=list(texts)).manifest.permissions.components == (
        "hook:Stop",
    )


@pytest.mark.parametrize("wrapped", [True, False])
def test_usual_server_files_come_with_and_without_wrapper(wrapped):
    texts = {
        ".mcp.json": as_json({"mcpServers": SERVERS} if wrapped else SERVERS),
        ".lsp.json": as_json({"go": {"command": "gopls"}}),
    }
    manifest = read("claude", texts=texts, paths=list(texts)).manifest
    assert manifest.permissions.components == ("lsp:go", "mcp:local", "mcp:own", "mcp:remote")


def test_a_file_that_was_not_read_may_hold_anything():
    reading = read("claude", paths=["hooks/hooks.json", "more.json"], mcpServers="./more.json")
    assert reading.manifest.permissions.components == ("hook:*", "mcp:*")
    assert [w.code for w in reading.warnings] == ["file-not-read", "file-not-read"]


def test_a_file_that_is_not_there_only_warns():
    reading = read("claude", paths=["x"], hooks="./hooks/gone.json")
    assert [(w.field, w.code) for w in reading.warnings] == [("hooks", "file-missing")]
    assert reading.manifest.permissions == Permissions()


def test_faults_of_files_carry_their_own_name_and_lines():
    texts = {
        "hooks/hooks.json": b'{"hooks": {\n"Stop": 5,\n"\\u202e": []}}',
        ".mcp.json": b'{"x": 1,}',
        ".lsp.json": b'{"go": []}',
    }
    assert [
        (fault.file, fault.line, fault.code)
        for fault in faults_of("claude", texts=texts, paths=list(texts))
    ] == [
        (".lsp.json", 1, "wrong-type"),
        (".mcp.json", 1, "json-syntax"),
        ("hooks/hooks.json", 2, "wrong-type"),
        ("hooks/hooks.json", 3, "invalid-name"),
    ]


def test_declared_permissions_join_those_that_follow():
    manifest = read_good("claude", permissions={"exec": ["git"]}, hooks={"Stop": [HOOK]})
    assert manifest.permissions.exec == ("./hooks/x.sh", "git")
    written = json.loads(write_manifest(manifest, "claude")[".claude-plugin/plugin.json"])
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
    manifest = read_good("claude", permissions=permissions)
    assert manifest.permissions == expected
    assert manifest.extra == {"permissions": permissions}
    written = json.loads(write_manifest(manifest, "claude")[".claude-plugin/plugin.json"])
    assert written["permissions"] == permissions


def test_permissions_that_are_refused():
    assert codes_of("claude", permissions=["Read"]) == [("permissions", "wrong-type")]
    assert codes_of("claude", permissions={"requires": [5]}) == [
        ("permissions.requires[0]", "wrong-type")
    ]


def test_settings():
    user_config = {
        "token": {"description": "A token", "sensitive": True, "required": True},
        "folder": {"type": "directory", "description": "Where"},
    }
    manifest = read_good("claude", userConfig=user_config)
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
    written = json.loads(write_manifest(manifest, "claude")[".claude-plugin/plugin.json"])
    assert written["userConfig"] == user_config
    assert codes_of("claude", userConfig={"x": 5}) == [("userConfig.x", "wrong-type")]


def test_a_version_is_asked_for():
    (fault,) = faults_of("claude", version=...)
    assert (fault.field, fault.code, fault.line) == ("version", "missing-field", 1)


def test_a_toolset_of_the_open_standard_cannot_hide_what_it_does():
    texts = {
        "mcp.json": as_json({"mcpServers": SERVERS}),
        "hooks/hooks.json": as_json({"hooks": {"Stop": [HOOK]}}),
    }
    manifest = read("agent-plugins", texts=texts, paths=list(texts)).manifest
    assert manifest.permissions.components == ("hook:Stop", "mcp:local", "mcp:own", "mcp:remote")


def test_a_toolset_in_the_superset_cannot_hide_what_it_does():
    texts = {
        ".mcp.json": as_json(SERVERS),
        ".claude-plugin/plugin.json": as_json({"name": "x", "hooks": {"Stop": [HOOK]}}),
    }
    lsp = {"go": {"command": "gopls"}}
    manifest = read(
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
    assert codes_of("plugport", texts=broken, paths=list(broken)) == [("", "json-syntax")]
    named = {"more.json": as_json({"Stop": [HOOK]})}
    manifest = read(
        "plugport", texts=named, paths=list(named), components={"hooks": "./more.json"}
    ).manifest
    assert manifest.permissions.components == ("hook:Stop",)
    assert codes_of("plugport", components={"commands": "../x"}) == [
        ("components.commands", "unsafe-path")
    ]
