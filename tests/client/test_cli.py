"""The program as a whole: exit codes, the two streams, `--json`, help, and no traceback ever."""

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
from plugport.cli import exits
from plugport.cli.lazy import COMMANDS
from plugport.cli.main import cli as plugport
from plugport.cli.output import format_size
from plugport.spec.errors import ErrorKind, PlugportError
from tests.client.contract.app import Answer, make_json
from tests.client.contract.server import ContractServer
from tests.client.support import Cli, make_name, write_plugin

SLOW = ("httpx", "rich", "yaml", "keyring", "platformdirs", "pathspec", "license_expression")


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


def test_reading_needs_neither_bars_nor_keyring(cli: Cli) -> None:
    cli.publish(name := make_name())
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


def test_completes_in_shells(cli: Cli) -> None:
    cli.env["_PLUGPORT_COMPLETE"] = "bash_source"
    code, stdout, _ = cli.run_program()
    assert code == 0
    assert "complete" in stdout


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_has_help_with_an_example(cli: Cli, verb: str) -> None:
    shown = cli.ok(verb, "--help").stdout
    assert "Examples:" in shown
    assert f"plugport {verb if verb != 'uninstall' else 'remove'}" in shown
    for option in ("--json", "--registry", "--verbose"):
        assert option in shown


@pytest.mark.parametrize("verb", [verb for verb in COMMANDS if verb != "uninstall"])
def test_the_table_of_commands_says_what_they_say(verb: str) -> None:
    command = plugport.get_command(click.Context(plugport), verb)
    assert command is not None
    assert command.help
    assert command.name == verb


def test_the_prefix_plugin_changes_nothing(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    assert cli.json("plugin", "validate", "p") == cli.json("validate", "p")
    assert cli.ok("plugin", "list", "--installed").stderr == "note: nothing is installed here\n"


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
def test_json_goes_anywhere(cli: Cli, args: tuple[str, ...]) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    result = cli.ok(*args)
    assert json.loads(result.stdout)["verdict"] == "passed"
    assert result.stderr == ""


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_registry_option_goes_anywhere(cli: Cli, place: int) -> None:
    args = ["whoami"]
    cli.env["PLUGPORT_REGISTRY"] = "http://127.0.0.1:9"
    args[place:place] = ["--registry", cli.registry.url]
    cli.ok(*args)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "Usage: plugport"),
        (("instal",), "did you mean `install`?"),
        (("plugin", "serach"), "did you mean `search`?"),
        (("frobnicate",), "there is no command `frobnicate`"),
        (("install",), "Missing argument 'SOURCE'"),
        (("install", "a", "b"), "unexpected extra argument"),
        (("search", "--sort", "luck"), "--sort"),
        (("search", "--limit", "0"), "--limit"),
        (("--nonsense",), "--nonsense"),
        (("list", "--target", "x"), "--target belongs to --installed"),
    ],
)
def test_a_wrong_command_line_is_explained(cli: Cli, args: tuple[str, ...], words: str) -> None:
    result = cli.run(*args)
    assert result.exit_code == exits.USAGE
    assert words in result.stderr
    assert result.stdout == ""


def test_a_wrong_command_line_is_explained_in_json(cli: Cli) -> None:
    for args in (["install", "--nonsense"], ["frobnicate"], ["plugin"], []):
        error = cli.error(2, *args)
        assert (error["code"], error["kind"]) == ("usage", "invalid")


def test_a_value_is_no_option(cli: Cli) -> None:
    result = cli.run("yank", "nobody-has-this@1.0.0", "--reason", "--json")
    assert result.exit_code == 5
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "http://u:sesame@x", "http://"])
def test_a_wrong_registry_is_explained(cli: Cli, url: str) -> None:
    result = cli.run("search", "x", "--registry", url)
    assert result.exit_code == 3
    assert "error: " in result.stderr
    assert "sesame" not in result.output


def test_a_registry_that_does_not_answer_is_unavailable(cli: Cli) -> None:
    error = cli.error(8, "search", "x", "--registry", "http://127.0.0.1:9")
    assert error["code"] == "registry-unreachable"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<html>hello</html>", {"Content-Type": "text/html"}),
        make_json([]),
        make_json({"plugins": [{"name": "../x"}]}),
        Answer(500, b"\xff\xfe"),
        Answer(418, b"{}"),
    ],
)
def test_a_server_that_is_no_registry_is_explained(
    cli: Cli, contract: ContractServer, answer: Answer
) -> None:
    contract.faults.answers = [answer]
    result = cli.run("search", "x")
    assert result.exit_code in {3, 8}
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr


def test_verbose_shows_the_trace_and_nothing_else_does(cli: Cli) -> None:
    args = ("install", "./nothing")
    assert "Traceback" not in cli.run(*args).stderr
    assert "Traceback" in cli.run(*args, "--verbose").stderr
    verbose = json.loads(cli.run(*args, "--verbose", "--json").stderr)
    assert "NoSuchSourceError" in verbose["trace"]


def test_what_the_system_refuses_is_explained(cli: Cli, tmp_path: Path) -> None:
    (cli.project / ".plugport").write_text("a file where a folder belongs")
    result = cli.run("install", str(write_plugin(tmp_path / "s", "some-plugin")))
    assert result.exit_code in exits.BY_KIND.values()
    assert re.match(r"error: `.*\.plugport.*`: ", result.stderr)


def test_warnings_are_part_of_the_document(cli: Cli) -> None:
    name = make_name()
    cli.publish(name)
    cli.ok("yank", f"{name}@1.0.0")
    result = cli.ok("install", f"{name}@1.0.0", "--yes", "--json")
    assert any("is yanked" in warning for warning in json.loads(result.stdout)["warnings"])
    assert result.stderr == ""


def test_every_kind_of_error_has_its_own_exit_code() -> None:
    assert set(exits.BY_KIND) == set(ErrorKind)
    codes = [*exits.BY_KIND.values(), exits.FAULT, exits.USAGE, exits.INTEGRITY]
    assert len(set(codes)) == len(codes)
    assert set(codes) | {exits.OK, exits.INTERRUPTED} == set(exits.MEANINGS)


def test_every_error_of_the_client_has_a_sentence_and_a_code() -> None:
    from plugport.spec.errors import list_error_codes

    for code, kind in list_error_codes().items():
        assert re.fullmatch(r"[a-z0-9-]+", code)
        assert issubclass(kind, PlugportError)
        assert kind.title


# ---- the real program, word for word ---------------------------------------------------------


def test_program_tells_its_version(cli: Cli) -> None:
    assert cli.run_program("--version") == (0, f"plugport, version {__version__}\n", "")


def test_program_reports_errors_as_error_and_hint(cli: Cli) -> None:
    assert cli.run_program("remove", "nothing-here") == (
        5,
        "",
        (
            "error: `nothing-here` is not installed here\n"
            "hint: `plugport list --installed` shows what is.\n"
        ),
    )


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


def test_program_reports_usage_in_json(cli: Cli) -> None:
    code, stdout, stderr = cli.run_program("yank", "some-plugin", "--json")
    assert (code, stdout) == (2, "")
    assert json.loads(stderr) == {
        "error": {
            "code": "usage",
            "kind": "invalid",
            "detail": "`some-plugin` names no version: NAME@VERSION is needed",
            "hint": "`plugport yank --help` shows how it is used.",
        }
    }


def test_program_needs_no_reader_of_its_output(cli: Cli) -> None:
    """`plugport … | head` ends quietly."""
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


def test_program_survives_a_locale_without_letters(cli: Cli) -> None:
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
def test_sizes_are_for_people(size: int, text: str) -> None:
    assert format_size(size) == text
