"""Write plugins to disk, and run the command line in this process or in its own."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from click.testing import CliRunner, Result

from plugport.cli.main import cli as plugport
from plugport.cli.session import Session

ROOT = Path(__file__).resolve().parents[2]
# A test run that was started in the background ignores SIGINT, and its children inherit that.
INTERRUPTIBLE = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from plugport.cli.main import main; main()"
)
# The first argument is the file for the result. None in sys.modules marks a module that was not imported.
# Registered first, the function is called last.
REPORTS_ITS_WORK = """
import atexit, gc, json, sys
from pathlib import Path
file = Path(sys.argv.pop(1))
def count_collections():
    return sum(generation["collections"] for generation in gc.get_stats())
before = count_collections()
def report():
    names = [name for name, module in sys.modules.items() if module is not None]
    collections = count_collections() - before
    work = {"imports": names, "collections": collections, "frozen": gc.get_freeze_count()}
    file.write_text(json.dumps(work))
atexit.register(report)
from plugport.__main__ import main
main()
"""
README = "# A test plugin\n\nIt exists so that the command line has something to carry about.\n"


class Registry(Protocol):
    """A registry as the command line of a test uses it. Without `transport`, over the network."""

    url: str
    token: str
    transport: httpx.BaseTransport | None
    # For publishing: the checks, which may run at once, must run in the main thread.
    publish_transport: httpx.BaseTransport | None


@dataclass
class RemoteRegistry:
    """A registry behind a socket, by its address."""

    url: str
    token: str = "no-token-0123456789"
    transport: httpx.BaseTransport | None = None
    publish_transport: httpx.BaseTransport | None = None


def build_name(word: str = "bridge") -> str:
    """A name that no other test uses."""
    return f"t{secrets.token_hex(8)}-{word}"


def write_plugin(
    folder: Path,
    name: str,
    version: str = "1.0.0",
    *,
    files: dict[str, str | bytes] | None = None,
    manifest: str = "",
) -> Path:
    """A small plugin that passes all checks; `manifest` is added to `plugport.yaml`."""
    folder.mkdir(parents=True, exist_ok=True)
    content: dict[str, str | bytes] = {
        "plugport.yaml": (
            f"schema: 1\nname: '{name}'\nversion: {version}\nkind: hook\n"
            "description: Counts messages for tests\n"
            "author:\n  name: Ada\nlicense: MIT\nhooks: [onMessage]\nmain: index.js\n"
            f"{manifest}"
        ),
        "README.md": README,
        "CHANGELOG.md": f"## {version}\n\nFirst.\n",
        "index.js": "export const onMessage = () => 1;\n",
        **(files or {}),
    }
    for path, text in content.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """Send SIGINT until the process ends: one just before a blocking read can be lost."""
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)


def wait_until(is_done: Callable[[], bool], timeout_seconds: float = 60) -> None:
    """Wait until another process has done something; fail after the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while not is_done():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.01)


@dataclass
class Cli:
    """The command line of one user in one project."""

    project: Path
    home: Path
    registry: Registry
    env: dict[str, str | None]

    @classmethod
    def create(cls, folder: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Cli:
        project, home = folder / "project", folder / "home"
        project.mkdir()
        monkeypatch.chdir(project)
        env: dict[str, str | None] = {
            "PLUGPORT_REGISTRY": registry.url,
            "PLUGPORT_TOKEN": registry.token,
            "PLUGPORT_HOME": str(home),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "NO_COLOR": "1",
        }
        return cls(project, home, registry, env)

    def run(self, *args: str, input: str | None = None) -> Result:  # noqa: A002
        """Run in this process, with separate stdout and stderr."""
        return self._run(args, self.registry.transport, input)

    def _run(
        self,
        args: tuple[str, ...],
        transport: httpx.BaseTransport | None,
        input: str | None = None,  # noqa: A002
    ) -> Result:
        session = Session(transport=transport)
        return CliRunner(env=self.env).invoke(plugport, list(args), input=input, obj=session)

    def ok(self, *args: str, input: str | None = None) -> Result:  # noqa: A002
        result = self.run(*args, input=input)
        assert result.exit_code == 0, f"{args}: {result.exit_code}\n{result.output}"
        return result

    def json(self, *args: str) -> Any:
        """The document that a successful command prints with `--json`."""
        return json.loads(self.ok(*args, "--json").stdout)

    def error(self, code: int, *args: str) -> dict[str, Any]:
        """The error that a failing command prints with `--json`."""
        result = self.run(*args, "--json")
        assert result.exit_code == code, f"{args}: {result.exit_code}\n{result.output}"
        error: dict[str, Any] = json.loads(result.stderr)["error"]
        return error

    def start(self, *args: str, **options: Any) -> subprocess.Popen[str]:
        """Start the program in its own process, which handles Ctrl-C."""
        return self._spawn([sys.executable, "-c", INTERRUPTIBLE, *args], options)

    def _spawn(self, command: list[str], options: dict[str, Any]) -> subprocess.Popen[str]:
        env = {**os.environ, "PYTHONPATH": str(ROOT), **self.env}
        return subprocess.Popen(
            command,
            cwd=self.project,
            env={key: value for key, value in env.items() if value is not None},
            text=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )

    def run_program(self, *args: str, input: str = "") -> tuple[int, str, str]:  # noqa: A002
        """Run the program in its own process; returns exit code, stdout and stderr."""
        command = [sys.executable, "-m", "plugport", *args]
        with self._spawn(command, {"stdin": subprocess.PIPE}) as process:
            stdout, stderr = process.communicate(input, timeout=60)
        return process.returncode, stdout, stderr

    def list_imports(self, *args: str) -> set[str]:
        """The modules that the program has imported at the end of a successful command."""
        return set(self.report_work(*args)["imports"])

    def report_work(self, *args: str) -> dict[str, Any]:
        """What the program has done at the end of a successful command.

        `imports` are its modules, `collections` the number of searches for garbage, and `frozen` the
        number of objects that the interpreter skips when it ends.
        """
        file = self.project.parent / "work"
        command = [sys.executable, "-c", REPORTS_ITS_WORK, str(file), *args]
        with self._spawn(command, {}) as process:
            _, stderr = process.communicate(timeout=60)
        assert process.returncode == 0, stderr
        work: dict[str, Any] = json.loads(file.read_text())
        return work

    def publish(self, name: str, version: str = "1.0.0", **plugin: Any) -> Path:
        """Publish a small plugin; returns its folder."""
        folder = write_plugin(
            self.project.parent / f"src-{secrets.token_hex(4)}", name, version, **plugin
        )
        result = self._run(("publish", str(folder)), self.registry.publish_transport)
        assert result.exit_code == 0, result.output
        return folder

    def folder_of(self, name: str) -> Path:
        return self.project / ".plugport" / "plugins" / name
