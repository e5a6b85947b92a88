"""The whole program: exit codes, both output streams, `--json`, help, and no tracebacks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from plugport import __version__
from plugport.cli import exit_codes
from plugport.cli.command_group import COMMANDS
from plugport.cli.main import cli as plugport
from plugport.cli.output import format_size
from plugport.spec.errors import ErrorKind, PlugportError
from tests.client.registry import CannedResponse, LocalRegistry
from tests.client.support import ROOT, Cli, RemoteRegistry, build_name, write_plugin

SLOW = ("httpx", "rich", "yaml", "keyring", "platformdirs", "pathspec", "license_expression")


@pytest.mark.processes
@pytest.mark.parametrize("args", [["--help"], ["-h"], ["--version"], ["plugin", "--help"]])
def test_help_imports_nothing_slow(args: list[str]) -> None:
    code = (
        "import sys\nfrom plugport.cli.main import cli\n"
        "try:\n    cli.main(sys.argv[1:])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        f"print([name for name in {SLOW!r} if name in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=True
    )
    assert result.stderr == "[]\n"
    assert result.stdout


@pytest.mark.processes
@pytest.mark.usefixtures("served")
def test_install_imports_neither_rich_nor_keyring(cli: Cli) -> None:
    cli.publish(name := build_name())
    code = (
        "import sys\nfrom plugport.cli.main import cli\n"
        "try:\n    cli.main(sys.argv[1:])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "print([name for name in ('rich', 'keyring') if name in sys.modules])"
    )
    env = {**os.environ, **{k: v for k, v in cli.env.items() if v is not None}}
    result = subprocess.run(
        [sys.executable, "-c", code, "install", name, "--yes"],
        capture_output=True,
        env=env,
        text=True,
        check=True,
    )
    assert result.stdout.endswith("\n[]\n")


@pytest.mark.processes
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shell_completion(cli: Cli, shell: str) -> None:
    """The script calls the program as the program expects it: here with what a shell passes."""
    script = cli.ok("completion", shell).stdout
    assert cli.json("completion", shell)["script"].strip() == script.strip()
    variable = f"_PLUGPORT_COMPLETE={shell}_complete"
    assert variable in script
    typed = "plugport ins" if shell != "fish" else "ins"
    cli.env |= {
        "_PLUGPORT_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "plugport ins",
        "COMP_CWORD": "1" if shell != "fish" else typed,
    }
    code, stdout, _ = cli.run_program()
    assert code == 0
    assert "install" in stdout
    assert "search" not in stdout


@pytest.mark.processes
def test_bash_completes_a_command(cli: Cli, tmp_path: Path) -> None:
    """A real shell loads the script and completes a word with it."""
    write_plugin(cli.project / "p", "some-plugin")
    cli.ok("install", "./p")
    program = tmp_path / "bin" / "plugport"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m plugport "$@"\n')
    program.chmod(0o755)
    expected = {
        "install --tar": "--target",
        "help ins": "install",
        "org rob": "robot",
        "org robot rot": "rotate-token",
        "org robot list har": "",
        "remove so": "some-plugin",
        "list --type memo": "memory",
        # `compopt` tells the shell to complete these itself.
        "validate ./p": "files",
        "pack --output x": "files",
        "install ./p": "files",
        "install some": "",
        "install --target x": "folders",
    }
    script = (
        "compopt() { [ $2 = default ] && echo files || echo folders; }\n"
        "source <(plugport completion bash)\n"
    )
    for typed in expected:
        script += (
            f"COMPREPLY=(); COMP_WORDS=(plugport {typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
            f'echo "$(_plugport_completion plugport; echo "${{COMPREPLY[@]}}")" | xargs; '
        )
    path = f"{program.parent}:{os.environ['PATH']}"
    result = subprocess.run(
        ["bash", "-c", script],
        cwd=cli.project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert dict(zip(expected, result.stdout.split("\n"), strict=False)) == expected, result.stderr


def test_help_prints_the_help_of_a_command(cli: Cli) -> None:
    assert cli.ok("help", "install").stdout == cli.ok("install", "--help").stdout
    assert cli.ok("help").stdout == cli.ok("--help").stdout
    assert cli.ok("help", "plugin", "yank").stdout.startswith("Usage: plugport plugin yank")
    assert "did you mean `install`?" in cli.error(exit_codes.USAGE, "help", "instal")["detail"]
    assert "has no subcommands" in cli.error(exit_codes.USAGE, "help", "yank", "x")["detail"]


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_has_help_with_an_example(cli: Cli, verb: str) -> None:
    shown = cli.ok(verb, "--help").stdout
    assert "Examples:" in shown
    assert f"plugport {verb if verb != 'uninstall' else 'remove'}" in shown
    for option in ("--json", "--registry", "--verbose"):
        assert option in shown


@pytest.mark.parametrize("verb", [verb for verb in COMMANDS if verb != "uninstall"])
def test_the_table_of_commands_matches_the_commands(verb: str) -> None:
    command = plugport.get_command(click.Context(plugport), verb)
    assert command is not None
    assert command.help
    assert command.name == verb


def test_the_prefix_plugin_changes_nothing(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    assert cli.json("plugin", "validate", "p") == cli.json("validate", "p")
    assert cli.ok("plugin", "list", "--installed").stderr == "note: no plugins are installed\n"


@pytest.mark.parametrize(
    "args",
    [
        ("--json", "validate", "p"),
        ("validate", "--json", "p"),
        ("validate", "p", "--json"),
        ("plugin", "--json", "validate", "p"),
        ("--json", "plugin", "validate", "--json", "p"),
    ],
)
def test_json_option_at_any_position(cli: Cli, args: tuple[str, ...]) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    result = cli.ok(*args)
    assert json.loads(result.stdout)["verdict"] == "passed"
    assert result.stderr == ""


@pytest.mark.parametrize(
    "args",
    [("--registry", "{}", "whoami"), ("whoami", "--registry", "{}"), ("whoami", "--registry={}")],
)
def test_registry_option_at_any_position(cli: Cli, args: tuple[str, ...]) -> None:
    cli.env["PLUGPORT_REGISTRY"] = "http://127.0.0.1:9"
    account = cli.json(*(arg.format(cli.registry.url) for arg in args))
    assert account["registry"] == cli.registry.url


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "Usage: plugport"),
        (("instal",), "did you mean `install`?"),
        (("plugin", "serach"), "did you mean `search`?"),
        (("frobnicate",), "unknown command `frobnicate`"),
        (("install",), "Missing argument 'SOURCE...'"),
        (("info", "a", "b"), "unexpected extra argument"),
        (("search", "--sort", "luck"), "--sort"),
        (("search", "--limit", "0"), "--limit"),
        (("--nonsense",), "--nonsense"),
        (("list", "--target", "x"), "--target can only be used with --installed"),
    ],
)
def test_usage_errors(cli: Cli, args: tuple[str, ...], words: str) -> None:
    result = cli.run(*args)
    assert result.exit_code == exit_codes.USAGE
    assert words in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("args", [("--help",), ("install", "-h"), ("plugin", "--help")])
def test_help_and_version_in_json(cli: Cli, args: tuple[str, ...]) -> None:
    """Wherever `--json` is, it gives one document."""
    for words in (("--json", *args), (*args, "--json")):
        assert cli.json(*words)["help"] == cli.ok(*args).stdout.rstrip("\n")
    assert cli.json("--version", "--json") == cli.json("--json", "--version")
    assert cli.json("--json", "--version") == {"version": __version__}
    assert cli.ok("--help", "--", "--json").stdout == cli.ok("--help").stdout


def test_usage_errors_in_json(cli: Cli) -> None:
    for args in (["install", "--nonsense"], ["frobnicate"], ["plugin"], []):
        error = cli.error(2, *args)
        assert (error["code"], error["kind"]) == ("usage", "invalid")


@pytest.mark.parametrize(
    "args",
    [
        ("validate", ""),
        ("pack", ""),
        ("pack", "-o", ""),
        ("publish", ""),
        ("init", ""),
        ("install", "x", "--target", ""),
        ("remove", "x", "--target="),
        ("doctor", "--target", ""),
        ("list", "--installed", "--target", ""),
    ],
)
def test_an_empty_path_is_no_folder(cli: Cli, args: tuple[str, ...]) -> None:
    """It comes from a variable that is not set: the current folder is another one."""
    write_plugin(cli.project, "some-plugin")
    assert "the path is empty" in cli.error(2, *args)["detail"]


def test_a_value_may_look_like_an_option(cli: Cli) -> None:
    result = cli.run("yank", "nobody-has-this@1.0.0", "--reason", "--json")
    assert result.exit_code == 5
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "http://u:sesame@x", "http://"])
def test_invalid_registry_urls(cli: Cli, url: str) -> None:
    result = cli.run("search", "x", "--registry", url)
    assert result.exit_code == 3
    assert "error: " in result.stderr
    assert "sesame" not in result.output


def test_an_unreachable_registry_is_unavailable(cli: Cli) -> None:
    cli.registry = RemoteRegistry("http://127.0.0.1:9")
    error = cli.error(8, "search", "x", "--registry", "http://127.0.0.1:9")
    assert error["code"] == "registry-unreachable"


@pytest.mark.parametrize(
    "response",
    [
        CannedResponse(200, b"<html>hello</html>", {"Content-Type": "text/html"}),
        CannedResponse.from_json([]),
        CannedResponse.from_json({"plugins": [{"name": "../x"}]}),
        CannedResponse(500, b"\xff\xfe"),
        CannedResponse(418, b"{}"),
    ],
)
def test_a_server_that_is_not_a_registry(
    cli: Cli, registry: LocalRegistry, response: CannedResponse
) -> None:
    registry.faults.responses = [response]
    result = cli.run("search", "x")
    assert result.exit_code in {3, 8}
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


def test_only_verbose_prints_a_traceback(cli: Cli) -> None:
    args = ("install", "./nothing")
    assert "Traceback" not in cli.run(*args).stderr
    assert "Traceback" in cli.run(*args, "--verbose").stderr
    verbose = json.loads(cli.run(*args, "--verbose", "--json").stderr)
    assert "NoSuchSourceError" in verbose["trace"]


def test_operating_system_errors(cli: Cli, tmp_path: Path) -> None:
    (cli.project / ".plugport").write_text("a file where a folder belongs")
    result = cli.run("install", str(write_plugin(tmp_path / "s", "some-plugin")))
    assert result.exit_code in exit_codes.BY_KIND.values()
    assert re.match(r"error: `.*\.plugport.*`: ", result.stderr)


def test_warnings_are_part_of_the_document(cli: Cli) -> None:
    name = build_name()
    cli.publish(name)
    cli.ok("yank", f"{name}@1.0.0")
    result = cli.ok("install", f"{name}@1.0.0", "--yes", "--json")
    assert any("is yanked" in warning for warning in json.loads(result.stdout)["warnings"])
    assert result.stderr == ""


def test_every_kind_of_error_has_its_own_exit_code() -> None:
    assert set(exit_codes.BY_KIND) == set(ErrorKind)
    codes = [
        *exit_codes.BY_KIND.values(),
        exit_codes.INTERNAL_ERROR,
        exit_codes.USAGE,
        exit_codes.INTEGRITY,
    ]
    assert len(set(codes)) == len(codes)
    assert set(codes) | {exit_codes.OK, exit_codes.INTERRUPTED} == set(exit_codes.MEANINGS)


def test_every_error_has_a_code_and_a_title() -> None:
    from plugport.spec.errors import list_error_codes

    for code, kind in list_error_codes().items():
        assert re.fullmatch(r"[a-z0-9-]+", code)
        assert issubclass(kind, PlugportError)
        assert kind.title


# ---- the program in its own process, with its exact output ----------------------------


@pytest.mark.processes
def test_program_prints_its_version(cli: Cli) -> None:
    assert cli.run_program("--version") == (0, f"plugport, version {__version__}\n", "")


@pytest.mark.processes
def test_program_reports_errors_as_error_and_hint(cli: Cli) -> None:
    assert cli.run_program("remove", "nothing-here") == (
        5,
        "",
        (
            "error: `nothing-here` is not installed\n"
            "hint: Run `plugport list --installed` for a list.\n"
        ),
    )


@pytest.mark.processes
def test_program_installs_and_removes(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    folder = Path(".plugport/plugins/some-plugin")
    code, stdout, stderr = cli.run_program("install", "./p")
    assert (code, stderr) == (0, "")
    expected = rf"installed some-plugin@1\.0\.0 \(\d+ B\) in .*{re.escape(str(folder))}\n"
    assert re.fullmatch(expected, stdout)
    listed = cli.run_program("list", "--installed")
    assert listed == (
        0,
        "NAME         VERSION  KIND  TRUST  STATUS\nsome-plugin  1.0.0    hook  -      ok\n",
        "",
    )
    assert cli.run_program("remove", "some-plugin") == (0, "removed some-plugin@1.0.0\n", "")


@pytest.mark.processes
def test_program_reports_usage_in_json(cli: Cli) -> None:
    code, stdout, stderr = cli.run_program("yank", "some-plugin", "--json")
    assert (code, stdout) == (2, "")
    assert json.loads(stderr) == {
        "error": {
            "code": "usage",
            "kind": "invalid",
            "detail": "`some-plugin` has no version; use NAME@VERSION",
            "hint": "Run `plugport yank --help` for usage.",
        }
    }


@pytest.mark.processes
def test_program_survives_a_closed_output(cli: Cli) -> None:
    """`plugport … | head` prints no error."""
    write_plugin(cli.project / "p", "some-plugin")
    reading, writing = os.pipe()
    os.close(reading)
    env = {**os.environ, **{k: v for k, v in cli.env.items() if v is not None}}
    result = subprocess.run(
        [sys.executable, "-m", "plugport", "validate", "p"],
        cwd=cli.project,
        stdout=writing,
        stderr=subprocess.PIPE,
        env=env,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.processes
def test_program_survives_an_ascii_locale(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin", files={"README.md": "# ünï ☃ 日本語\n" * 5})
    cli.env.update(LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    code, stdout, stderr = cli.run_program("validate", "p")
    assert (code, stderr) == (0, "")
    assert "valid" in stdout


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (1_000_000, "1.0 MB"),
     (999_999, "1.0 MB"), (2_500_000_000, "2.5 GB"), (10**13, "10000.0 GB")],
)  # fmt: skip
def test_formats_sizes(size: int, text: str) -> None:
    assert format_size(size) == text
