"""The documentation of the command line says what the program does, and its examples parse."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from plugport.cli import environment, exits
from plugport.cli.commands.init import DIALECTS
from plugport.cli.lazy import COMMANDS, PlugportCommand, make_global_options
from plugport.cli.main import cli as plugport
from plugport.cli.scaffold import find_kinds
from plugport.cli.session import Session
from tests.client.support import ROOT

PAGE = ROOT / "docs" / "cli.md"
GUIDES = [ROOT / "docs" / "guides" / name for name in ("install.md", "publish.md")]


def read_sections() -> dict[str, str]:
    """The second-level sections of the page by title."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def get_command(verb: str) -> PlugportCommand:
    command = plugport.get_command(click.Context(plugport), verb)
    assert isinstance(command, PlugportCommand)
    return command


def list_examples(path: Path) -> Iterator[str]:
    for block in re.findall(r"```sh\n(.*?)```", path.read_text(), flags=re.DOTALL):
        yield from (line for line in block.splitlines() if line.startswith("plugport "))


def parse(words: list[str]) -> None:
    """Parse a command line without running it; raises click's usage errors."""
    group: click.Group = plugport
    context = group.make_context("plugport", words, obj=Session())
    while True:
        rest = [*context._protected_args, *context.args]
        name, command, rest = group.resolve_command(context, rest)
        assert command is not None
        context = command.make_context(name, rest, parent=context)
        if not isinstance(command, click.Group):
            return
        group = command


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_and_option_is_documented(verb: str) -> None:
    section = read_sections()[verb]
    for parameter in get_command(verb).params:
        if isinstance(parameter, click.Option) and parameter.expose_value:
            for name in (*parameter.opts, *parameter.secondary_opts):
                assert f"`{name}" in section, f"{verb} {name}"
    assert f"plugport {verb}" in section, f"{verb} has no example"


@pytest.mark.parametrize("verb", COMMANDS)
def test_no_option_is_documented_that_is_not_there(verb: str) -> None:
    known = {name for p in get_command(verb).params for name in (*p.opts, *p.secondary_opts)}
    documented = set(re.findall(r"`(--?[a-z][a-z-]*)", read_sections()[verb]))
    assert documented <= known


def test_nothing_is_documented_that_is_not_there() -> None:
    assert set(read_sections()) == {"What holds everywhere", *COMMANDS}


def test_the_global_options_are_documented() -> None:
    section = read_sections()["What holds everywhere"]
    for option in (*make_global_options(), *plugport.params):
        for name in option.opts:
            assert f"`{name}" in section


def test_environment_variables_are_documented() -> None:
    page = PAGE.read_text().replace("`", "")
    for name, meaning in environment.VARIABLES.items():
        assert f"| {name} | {meaning.split(' (')[0]}" in page


def test_exit_codes_are_documented() -> None:
    for code, meaning in exits.MEANINGS.items():
        assert f"| {code} | {meaning} |" in PAGE.read_text()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_kinds_by_dialect_are_documented(dialect: str) -> None:
    rows = [row for row in read_sections()["init"].splitlines() if row.startswith("|")]
    row = next(row for row in rows if f"`{dialect}`" in row.split("|")[1])
    assert re.findall(r"`([a-z]+)`", row.split("|")[2]) == find_kinds(dialect)


EXAMPLES = [example for path in (PAGE, *GUIDES) for example in list_examples(path)]
EXAMPLES += [example for verb in COMMANDS for example in get_command(verb).examples]


@pytest.mark.parametrize("example", sorted(set(EXAMPLES)))
def test_every_example_parses(example: str) -> None:
    parse(shlex.split(example, comments=True)[1:])


@pytest.mark.parametrize("example", ["search --nonsense", "frobnicate", "install", "plugin yank"])
def test_a_wrong_example_would_be_found(example: str) -> None:
    with pytest.raises(click.UsageError):
        parse(shlex.split(example))


@pytest.mark.parametrize("path", [PAGE, *GUIDES], ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        # Addresses of a registry: the tests of the portal's handbook follow those.
        if target.startswith(("http", "/")):
            continue
        file, _, anchor = target.partition("#")
        page = (path.parent / file).resolve() if file else path
        assert page.is_file(), target
        headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
        slugs = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in headings}
        assert not anchor or anchor in slugs, target
