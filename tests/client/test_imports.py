"""What the commands that people run most often import: modules take most of their time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plugport.cli.command_group import COMMANDS
from tests.client.support import Cli

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


def test_help_imports_no_client(cli: Cli) -> None:
    imports = cli.list_imports("--help")
    unneeded = LIBRARIES | INSTALLATION | COMMAND_MODULES | {"httpx", "ssl"}
    assert imports & unneeded == set()
