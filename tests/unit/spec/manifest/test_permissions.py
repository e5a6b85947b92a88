"""Permissions, and the permissions of command lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugport.spec.manifest.detection import HOST_VARIABLES, ROOT_VARIABLES
from plugport.spec.manifest.model import Permissions
from plugport.spec.manifest.permissions import (
    build_permissions,
    find_url_host,
    join_permissions,
    subtract_permissions,
)
from plugport.spec.manifest.shell_commands import get_program_name, list_programs, list_variables
from tests.unit.spec.manifest.helpers import list_error_codes, list_warnings, parse_valid


def test_lists_are_sorted_and_have_no_duplicates():
    manifest = parse_valid(
        "plugport",
        permissions={
            "filesystem": ["write:/tmp", "read:./data", "read:./data"],
            "network": ["*.Example.org", "api.example.org:8443", "https://h.example/path", "*"],
            "exec": ["git", "bash"],
            "env": ["TOKEN", "*"],
            "components": ["hook:Stop", "mcp:issue tracker", "lsp:gopls"],
        },
    )
    assert manifest.permissions == Permissions(
        filesystem=("read:./data", "write:/tmp"),
        network=("*", "*.example.org", "api.example.org:8443", "h.example"),
        exec=("bash", "git"),
        env=("*", "TOKEN"),
        components=("hook:Stop", "lsp:gopls", "mcp:issue tracker"),
    )


@pytest.mark.parametrize(
    ("permissions", "where", "code"),
    [
        ({"filesystem": ["/tmp"]}, "filesystem[0]", "invalid-permission"),
        ({"filesystem": ["delete:/tmp"]}, "filesystem[0]", "invalid-permission"),
        ({"filesystem": ["read:"]}, "filesystem[0]", "invalid-permission"),
        (
            {"filesystem": [{"access": "read", "path": ""}]},
            "filesystem[0].path",
            "invalid-permission",
        ),
        (
            {"filesystem": [{"access": "read", "path": " "}]},
            "filesystem[0].path",
            "invalid-permission",
        ),
        ({"filesystem": [{"access": "read", "path": 7}]}, "filesystem[0].path", "wrong-type"),
        ({"filesystem": [{"access": "read"}]}, "filesystem[0].path", "wrong-type"),
        ({"filesystem": [{"path": "/tmp"}]}, "filesystem[0].access", "wrong-type"),
        (
            {"filesystem": [{"access": "all", "path": "."}]},
            "filesystem[0].access",
            "not-allowed-value",
        ),
        ({"network": ["a b"]}, "network[0]", "invalid-host"),
        ({"network": ["*.*.org"]}, "network[0]", "invalid-host"),
        ({"network": ["https://${HOST}/"]}, "network[0]", "invalid-host"),
        ({"env": ["A-B"]}, "env[0]", "invalid-permission"),
        ({"env": "1X"}, "env", "invalid-permission"),
        ({"components": ["tool:x"]}, "components[0]", "invalid-permission"),
        ({"exec": [1]}, "exec[0]", "wrong-type"),
        ({"exec": {"git": True}}, "exec", "wrong-type"),
        (["git"], "", "wrong-type"),
    ],
)
def test_permissions_that_are_refused(permissions, where, code):
    field = f"permissions.{where}" if where else "permissions"
    assert list_error_codes("plugport", permissions=permissions) == [(field, code)]


def test_both_forms_of_file_access_mean_the_same():
    mappings = [
        {"access": "read", "path": "./data"},
        {"access": "write", "path": "/tmp"},
        {"access": "readwrite", "path": "x" * 500},
    ]
    texts = ["read:./data", "write:/tmp", "write:" + "x" * 500]
    one = parse_valid("plugport", permissions={"filesystem": mappings})
    two = parse_valid("plugport", permissions={"filesystem": texts})
    assert one.permissions == two.permissions


def test_unknown_permissions_are_warnings():
    assert list_warnings("plugport", permissions={"camera": ["front"]}) == [
        ("permissions.camera", "unknown-field")
    ]


def test_join_and_subtract():
    one, two = build_permissions(exec={"a", "b"}), build_permissions(exec={"b"}, env={"X"})
    assert join_permissions(one, two) == build_permissions(exec={"a", "b"}, env={"X"})
    assert subtract_permissions(one, two) == build_permissions(exec={"a"})


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.example/x?y", "a.example"),
        ("https://a.example:8443", "a.example:8443"),
        ("https://user:word@a.example/", "a.example"),
        ("http://[::1]:80/", "[::1]:80"),
        ("https://${HOST}/x", None),
        ("https://a.example:port/", None),
        ("/only/a/path", None),
    ],
)
def test_hosts_of_urls(url, host):
    assert find_url_host(url) == host


@pytest.mark.parametrize(
    ("command", "programs"),
    [
        ("git status", {"git"}),
        ("/usr/bin/env python3 x.py", {"env"}),
        ("env X=1 python3 x.py", {"python3"}),
        ("X=1 Y=2 node a.js", {"node"}),
        ('"${CLAUDE_PLUGIN_ROOT}"/hooks/run.sh --x', {"./hooks/run.sh"}),
        ("${CLAUDE_PLUGIN_ROOT}/hooks/run.cmd session", {"./hooks/run.cmd"}),
        ("./scripts/x.sh", {"./scripts/x.sh"}),
        ("cd /tmp && npm ci; node x | tee log", {"npm", "node", "tee"}),
        ("echo hi > out.txt", set()),
        ("jq . < in.json > out.json", {"jq"}),
        ("if test -f x; then make; fi", {"make"}),
        ("a\nb", {"a", "b"}),
        ("(curl x)", {"curl"}),
        ("$SHELL -c x", {"*"}),
        ('say "unclosed', {"*"}),
        ("x" * 5000, {"*"}),
        ("y" * 300, {"*"}),
        ("", set()),
    ],
)
def test_programs_of_a_command_line(command, programs):
    assert list_programs(command, ROOT_VARIABLES) == programs


def test_programs_are_named_without_their_folders():
    assert get_program_name("/opt/x/bin/tool", ROOT_VARIABLES) == "tool"
    assert get_program_name("a\u202eb", ROOT_VARIABLES) == "*"


def test_variables_of_a_text():
    text = "Bearer ${TOKEN} $HOME ${X:-y} ${user_config.key} ${CLAUDE_PLUGIN_ROOT} $5"
    assert list_variables(text, HOST_VARIABLES) == {"TOKEN", "HOME", "X"}


@given(st.text(max_size=80))
def test_any_command_line(command):
    assert all(0 < len(program) <= 202 for program in list_programs(command, ROOT_VARIABLES))
    assert "CLAUDE_PLUGIN_ROOT" not in list_variables(command, HOST_VARIABLES)
