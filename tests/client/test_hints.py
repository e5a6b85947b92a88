"""Commands in hints do what they say when they are copied: they name the same registry and folder."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

from plugport.cli.terminal.hints import CommandHints
from tests.client.support import Cli, build_name, write_plugin


def copy_command(text: str) -> list[str]:
    """The arguments of the first command in a hint."""
    match = re.search(r"`plugport ([^`]+)`", text)
    assert match, text
    return shlex.split(match[1])


def forget_registry(cli: Cli) -> str:
    """Leave the registry to `--registry`, as on the first use; returns its URL."""
    url, cli.env["PLUGPORT_REGISTRY"] = cli.env["PLUGPORT_REGISTRY"], "http://127.0.0.1:9"
    assert url is not None
    return url


def test_a_command_names_the_registry_of_the_run(cli: Cli) -> None:
    cli.publish(name := build_name())
    url = forget_registry(cli)
    hint = cli.error(5, "info", f"{name}@9.9.9", "--registry", url)["hint"]
    assert copy_command(hint) == ["versions", name, "--registry", url]
    assert "1.0.0" in cli.ok(*copy_command(hint)).stdout
    cli.env["PLUGPORT_TOKEN"] = None
    for command in ("whoami", "scope list"):
        hint = cli.error(4, "--registry", url, *command.split())["hint"]
        assert copy_command(hint) == ["login", "--registry", url]
    assert "--registry" not in cli.error(2, "yank", "--registry", url)["hint"]
    assert "--registry" not in cli.error(4, "whoami")["hint"]


def test_a_registry_with_a_password_is_not_repeated(cli: Cli) -> None:
    result = cli.run("whoami", "--registry", "http://ada:sesame@127.0.0.1:9")
    assert "plugport login" in result.stderr
    assert "sesame" not in result.output


def test_a_command_names_the_folder_of_the_run(cli: Cli) -> None:
    cli.publish(name := build_name())
    url = forget_registry(cli)
    options = ("--target", "my host", "--registry", url)
    cli.ok("install", name, *options)
    shutil.rmtree(cli.project / "my host" / name)
    problems = json.loads(cli.run("doctor", *options, "--json").stdout)["problems"]
    assert copy_command(problems[0]["hint"]) == [
        *("doctor", "--repair", "--registry", url, "--target", "my host")
    ]
    shown = cli.run("doctor", *options).stdout
    cli.ok(*copy_command(shown))
    assert (cli.project / "my host" / name / "index.js").exists()
    error = cli.error(5, "remove", "nothing", "--target", "my host")
    command = copy_command(error["hint"])
    assert command == ["list", "--installed", "--target", "my host"]
    assert name in cli.ok(*command).stdout


def test_a_warning_names_the_folder_of_the_run(cli: Cli, tmp_path: Path) -> None:
    cli.publish(needed := build_name("needed"))
    manifest = f"dependencies:\n  plugins:\n    {needed}: ^1.0.0\n"
    source = write_plugin(tmp_path / "source", "local-one", manifest=manifest)
    cli.ok("install", str(source), "--target", "host")
    cli.ok("remove", needed, "--force", "--target", "host")
    result = cli.ok("list", "--installed", "--target", "host")
    assert copy_command(result.stderr) == ["install", "local-one", "--target", "host"]


def test_commands_that_are_complete_or_cannot_be_read_stay() -> None:
    hints = CommandHints(registry="http://r", target="t u")
    for text in (
        "Run `plugport init x`.",
        "Run `plugport install --help`.",
        "Run `plugport search -- -x`.",
        "Run `plugport install a --registry http://q --target z`.",
        "Run `plugport install 'a`b'`.",
    ):
        assert hints.complete(text) == text
    assert hints.complete("`plugport login` or `plugport remove a`") == (
        "`plugport login --registry http://r` or `plugport remove a --target 't u'`"
    )


def test_no_text_of_a_registry_forges_a_line(cli: Cli, registry: Any) -> None:
    """A license with line breaks could show another trust level than the registry's."""
    cli.publish(name := build_name())
    registry.faults.release_members = {
        "trust": "community\n  trust        official",
        "permissions": {"network\n  trust        official": ["a\n  trust        official"]},
    }
    shown = cli.ok("info", name).stdout
    assert len([line for line in shown.splitlines() if line.startswith("  trust")]) == 1
