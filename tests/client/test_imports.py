"""What the commands that people run most often import, which takes most of their time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugport.cli.command_group import COMMANDS
from tests.client.support import ROOT, Cli

NAME = "imports-one"
# Libraries that only some commands need. `httpx._main` is the command line of httpx, which imports rich.
LIBRARIES = {
    "detect_secrets",
    "httpx._main",
    "keyring",
    "license_expression",
    "pygments",
    "rich",
}
# What installing needs, and reading does not.
INSTALLATION = {
    "plugport.installer.installer",
    "plugport.spec.archive.reader",
    "plugport.spec.manifest.model",
    "yaml",
}
# Those that `--help` imports, which needs no msgspec, and those with members that `repr` or comparisons leave out.
DATACLASSES = {
    "plugport/cli/output.py",
    "plugport/cli/session.py",
    "plugport/cli/terminal/hints.py",
    "plugport/client/tokens.py",
    "plugport/environment/proxies.py",
    "plugport/spec/errors.py",
    "plugport/spec/manifest/formats/base.py",
}
COMMAND_MODULES = {f"plugport.cli.commands.{module}" for module, _, _ in COMMANDS.values()}

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("served")]


@pytest.fixture(scope="module", autouse=True)
def _published(publish: Callable[..., object]) -> None:
    """A plugin to find, to show and to install."""
    publish(NAME)


@pytest.mark.parametrize("args", [("search", "imports"), ("info", NAME), ("versions", NAME)])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_reading_imports_no_more_than_it_needs(
    cli: Cli, args: tuple[str, ...], options: tuple[str, ...]
) -> None:
    imports = cli.list_imports(*args, *options)
    assert "plugport.client.http" in imports
    assert imports & (LIBRARIES | INSTALLATION) == set()
    assert imports & COMMAND_MODULES == {f"plugport.cli.commands.{args[0]}"}


def test_installing_imports_no_more_than_it_needs(cli: Cli) -> None:
    imports = cli.list_imports("install", NAME)
    assert imports >= INSTALLATION
    assert imports & (LIBRARIES | {"plugport.spec.archive.packer", "subprocess"}) == set()


@pytest.mark.parametrize("args", [("--help",), ("search", "imports"), ("info", NAME)])
def test_no_time_is_spent_on_garbage(cli: Cli, args: tuple[str, ...]) -> None:
    work = cli.report_work(*args)
    # A few happen before the program can change the threshold.
    assert work["collections"] < 10
    assert work["frozen"] > 0


def test_help_imports_no_client(cli: Cli) -> None:
    imports = cli.list_imports("--help")
    unneeded = LIBRARIES | INSTALLATION | COMMAND_MODULES | {"httpx", "msgspec", "ssl"}
    assert imports & unneeded == set()


def test_values_are_structs() -> None:
    """Defining a dataclass takes fifty times as long as a struct, and is most of the time of some imports."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "plugport").rglob("*.py")
        if "dataclass(" in path.read_text(encoding="utf-8")
    }
    assert found == DATACLASSES
