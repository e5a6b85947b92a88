"""Home folder, streams and locale: each mistake is named, and none ends in an unexpected error."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.support import ROOT, Cli, build_name, write_plugin

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("served")]


def use_home(cli: Cli, home: str | None, **variables: str) -> None:
    cli.env.update(PLUGPORT_HOME=None, XDG_DATA_HOME=None, HOME=home, **variables)


@pytest.mark.parametrize("home", ["/proc/none", "/dev/null"])
def test_installs_without_a_writable_home(cli: Cli, home: str) -> None:
    cli.publish(name := build_name())
    use_home(cli, home)
    code, stdout, stderr = cli.run_program("install", name)
    assert code == 0, stderr
    assert f"installed {name}@1.0.0" in stdout
    assert f"warning: `{home}/.local/share/plugport/cache/partial` cannot be written: " in stderr
    assert "PLUGPORT_HOME" in stderr
    assert (cli.folder_of(name) / "index.js").exists()
    assert not (cli.project / "~").exists()


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"HOME": "relative"}, "`HOME=relative` is not an absolute path"),
        ({"HOME": ""}, "`HOME=` is not an absolute path"),
        ({"XDG_DATA_HOME": "data"}, "`XDG_DATA_HOME=data` is not an absolute path"),
        ({"PLUGPORT_HOME": "~no-such-user/x"}, "`PLUGPORT_HOME=~no-such-user/x` names a user"),
    ],
)
def test_a_wrong_home_is_named(cli: Cli, variables: dict[str, str], shown: str) -> None:
    cli.publish(name := build_name())
    use_home(cli, "/nonexistent")
    cli.env.update(variables)
    token = str(cli.env["PLUGPORT_TOKEN"])
    code, _, stderr = cli.run_program("install", name)
    assert code == 0, stderr
    assert shown in stderr
    code, _, stderr = cli.run_program("login", "--token-stdin", input=token)
    assert code == 3
    assert shown in stderr


@pytest.mark.parametrize("variable", ["PLUGPORT_HOME", "XDG_DATA_HOME", "HOME"])
def test_login_names_the_folder_that_it_cannot_write(cli: Cli, variable: str) -> None:
    use_home(cli, "/dev/null")
    token = str(cli.env["PLUGPORT_TOKEN"])
    cli.env.update({"PLUGPORT_TOKEN": None, variable: "/dev/null/x"})
    code, stdout, stderr = cli.run_program("login", "--token-stdin", "--json", input=token)
    assert (code, stdout) == (4, "")
    error = json.loads(stderr)["error"]
    assert error["code"] == "home-not-writable"
    assert f"`{variable}=/dev/null/x`" in error["detail"]
    assert "PLUGPORT_HOME" in error["hint"]


def test_commands_go_on_without_readable_tokens(cli: Cli) -> None:
    home = cli.home
    (home / "credentials.json").mkdir(parents=True)
    cli.env["PLUGPORT_TOKEN"] = None
    code, _, stderr = cli.run_program("search", "anything")
    assert code == 0
    assert f"warning: `{home}/credentials.json` cannot be read: Is a directory" in stderr


def test_a_missing_keyring_backend_is_no_crash(cli: Cli) -> None:
    cli.env["PYTHON_KEYRING_BACKEND"] = "no.such.Backend"
    token = str(cli.env["PLUGPORT_TOKEN"])
    cli.env["PLUGPORT_TOKEN"] = None
    code, stdout, stderr = cli.run_program("login", "--token-stdin", input=token)
    assert code == 0, stderr
    assert "no keyring is available" in stdout + stderr


def test_a_wrong_registry_or_token_names_its_variable(cli: Cli) -> None:
    cli.env["PLUGPORT_REGISTRY"] = "plugins.example.org"
    error = cli.error(3, "search", "x")
    assert error["code"] == "invalid-variable"
    assert "`PLUGPORT_REGISTRY=plugins.example.org` is not valid: " in error["detail"]
    cli.env.update(PLUGPORT_REGISTRY=None, PLUGPORT_TOKEN="short")
    error = cli.error(3, "search", "x")
    assert "PLUGPORT_TOKEN is not valid" in error["detail"]
    assert "short" not in json.dumps(error)
    cli.env.update(PLUGPORT_REGISTRY="http://ada:secret@example.org", PLUGPORT_TOKEN=None)
    error = cli.error(3, "search", "x")
    assert "PLUGPORT_REGISTRY=http://***@example.org" in error["detail"]
    assert "secret" not in json.dumps(error)


def test_an_unknown_home_in_a_path_is_named(cli: Cli) -> None:
    code, _, stderr = cli.run_program("install", "~no-such-user/plugin.tgz")
    assert code == 3
    assert "`~no-such-user/plugin.tgz` starts with the home folder of a user who has none" in stderr


def run_in_shell(cli: Cli, command: str) -> subprocess.CompletedProcess[bytes]:
    """Run `plugport` as a shell starts it, with its redirections."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **cli.env}
    script = f"plugport() {{ '{sys.executable}' -m plugport \"$@\"; }}\n{command}"
    return subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=cli.project,
        env={key: value for key, value in env.items() if value is not None},
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_a_closed_stdout_is_a_warning(cli: Cli) -> None:
    cli.publish(name := build_name())
    for options in ("", " --json"):
        run = run_in_shell(cli, f"plugport search nothing{options} >&-")
        assert (run.returncode, run.stdout) == (0, b"")
        expected = b"warning: stdout is closed, so that the result is not printed\n"
        assert run.stderr.startswith(expected)
    run = run_in_shell(cli, f"plugport install {name} >&- 2>&- <&-")
    assert run.returncode == 0
    assert (cli.folder_of(name) / "index.js").exists()


def test_a_package_is_not_written_to_a_closed_stdout(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    run = run_in_shell(cli, "plugport pack p -o - >&-")
    assert run.returncode == 2
    assert b"error: stdout is closed" in run.stderr


def test_messages_that_cannot_be_written_stop_nothing(cli: Cli) -> None:
    """A full disk, or a pipe whose reader has ended; the exit code tells the result."""
    cli.publish(name := build_name())
    scripts = {
        "full": "{command} 2>/dev/full; echo $? > code",
        "closed": "{{ {command} 2>&1 >/dev/null; echo $? > code; }} | true",
    }
    for folder, script in scripts.items():
        install = f"plugport install {name} --target {folder}"
        run = run_in_shell(cli, script.format(command=install))
        assert run.stderr == b""
        assert (cli.project / "code").read_text() == "0\n"
        assert (cli.project / folder / name / "index.js").exists()
        run_in_shell(cli, script.format(command=f"plugport remove {name}"))
        assert (cli.project / "code").read_text() == "5\n"


@pytest.mark.parametrize("command", ["--version", "--help", "install --help", "help"])
def test_help_into_a_closed_or_full_output(cli: Cli, command: str) -> None:
    run = run_in_shell(cli, f"{{ plugport {command}; echo $? > code; }} | true")
    assert ((cli.project / "code").read_text(), run.stderr) == ("0\n", b"")
    run = run_in_shell(cli, f"plugport {command} > /dev/full")
    assert run.returncode == 7
    assert b"error: stdout cannot be written: No space left on device" in run.stderr


@pytest.mark.parametrize("options", ["", "--json"])
def test_ctrl_c_during_the_imports(cli: Cli, options: str) -> None:
    """It is reported like any other, and not by a traceback."""
    (cli.project / "sitecustomize.py").write_text(
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click': signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    script = f"PYTHONPATH=\"$PWD:$PYTHONPATH\" '{sys.executable}' -m plugport search x {options}"
    run = run_in_shell(cli, script)
    assert (run.returncode, run.stdout) == (130, b"")
    if options:
        assert json.loads(run.stderr)["error"]["code"] == "interrupted"
    else:
        assert run.stderr.startswith(b"error: interrupted")
        assert b"Traceback" not in run.stderr


@pytest.mark.parametrize("command", ["list --installed", "init", "pack", "install some-plugin"])
def test_a_deleted_current_folder_is_named(cli: Cli, command: str) -> None:
    run = run_in_shell(cli, f"mkdir x && cd x && rmdir ../x && plugport {command}")
    assert run.returncode == 5
    assert b"error: the current folder: No such file or directory" in run.stderr


def test_links_that_form_a_loop_are_errors(cli: Cli) -> None:
    write_plugin(cli.project / "p", "some-plugin")
    (cli.project / "loop").symlink_to("loop")
    for args in (["init", "loop/x"], ["pack", "p", "-o", "loop/x.tgz"], ["init", "loop"]):
        result = cli.run(*args)
        assert result.exit_code in {6, 8}
        assert "Too many levels of symbolic links" in result.stderr or "loop" in result.stderr
        assert "unexpected error" not in result.stderr


def test_closed_stdin_and_stderr_are_no_crash(cli: Cli) -> None:
    assert run_in_shell(cli, "plugport search nothing 2>&-").returncode == 0
    assert run_in_shell(cli, "plugport login <&-").returncode == 2
    run = run_in_shell(cli, "plugport install https://127.0.0.1/x.tgz <&-")
    assert run.returncode == 4
    assert b"--yes" in run.stderr


@pytest.mark.parametrize("options", ["", " --json"])
def test_a_stdout_that_cannot_be_written_is_named(cli: Cli, options: str) -> None:
    cli.publish(build_name("written"))
    (cli.project / "file").touch()
    run = run_in_shell(cli, f"plugport list{options} 1<file")
    assert run.returncode == 8
    assert b"stdout cannot be written: Bad file descriptor" in run.stderr
    assert run.stderr.count(b"\n") == (1 if not options else 7), run.stderr


def test_a_full_stdout_is_named(cli: Cli) -> None:
    """A file at its size limit fails like one on a full disk."""
    cli.publish(build_name("written"))
    with (cli.project / "out").open("wb") as out:
        process = cli.start(
            "list", stdout=out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
        )
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 7
    assert stderr == "error: stdout cannot be written: File too large\n"


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def test_the_encoding_of_the_locale_is_named(cli: Cli, tmp_path: Path) -> None:
    source = write_plugin(tmp_path / "source", "local-one", files={"ünï.js": "1"})
    package = tmp_path / "package.tgz"
    cli.ok("pack", str(source), "-o", str(package))
    cli.env.update(ASCII)
    code, _, stderr = cli.run_program("install", str(package))
    assert code == 3, stderr
    assert "the encoding `ascii` of the locale, set by `LC_ALL=C`, cannot represent" in stderr
    assert "hint: Set LC_ALL=C.UTF-8 or PYTHONUTF8=1." in stderr
    assert not cli.folder_of("local-one").exists()
    del cli.env["LC_ALL"]
    cli.env["LC_ALL"] = "C.UTF-8"
    code, _, stderr = cli.run_program("install", str(package))
    assert code == 0, stderr


@pytest.mark.parametrize("locale", [{}, ASCII])
@pytest.mark.parametrize(
    "command", ["search {}", "info {}", "install {}", "validate {}", "init {}"]
)
def test_arguments_in_another_encoding_are_no_crash(
    cli: Cli, command: str, locale: dict[str, str]
) -> None:
    cli.env.update(locale)
    run = run_in_shell(
        cli, f"plugport {command.format(chr(92) + 'X')}".replace("\\X", "$(printf '\\377')")
    )
    assert run.returncode not in {0, 1}, run.stderr
    assert run.stderr.startswith(b"error: ")
    assert b"Traceback" not in run.stderr
    assert b"unexpected" not in run.stderr


def test_searches_and_lists_in_an_ascii_locale(cli: Cli) -> None:
    name = build_name()
    cli.publish(name, manifest="keywords: [ünïcödé]\n")
    cli.env.update(ASCII)
    for args in (("info", name), ("readme", name), ("search", name), ("list",)):
        code, _, stderr = cli.run_program(*args)
        assert code == 0, stderr
    code, _, stderr = cli.run_program("search", "☃")
    assert code == 3
    assert "not valid ascii" in stderr


def test_doctor_checks_every_variable(cli: Cli) -> None:
    cli.env.update(
        HTTP_PROXY="ftp://ada:secret@h",
        NO_PROXY="127.0.0.1,a/b",
        SSL_CERT_FILE="/nonexistent",
        PLUGPORT_HOME="/dev/null",
        PLUGPORT_TOKEN="short",
    )
    code, stdout, _ = cli.run_program("doctor", "--json")
    assert code == 3
    assert "secret" not in stdout
    details = [problem["detail"] for problem in json.loads(stdout)["problems"]]
    assert len(details) == 5
    for detail, name in zip(
        details,
        ["SSL_CERT_FILE", "NO_PROXY", "HTTP_PROXY", "PLUGPORT_HOME", "PLUGPORT_TOKEN"],
        strict=True,
    ):
        assert name in detail
    cli.env.update(PLUGPORT_REGISTRY="nowhere", HTTP_PROXY=None, SSL_CERT_FILE=None)
    code, stdout, _ = cli.run_program("doctor")
    assert code == 3
    assert "problem: the environment variable `PLUGPORT_REGISTRY=nowhere` is not valid" in stdout
