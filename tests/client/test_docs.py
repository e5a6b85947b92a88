"""The documentation matches the command line, and its examples parse."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from plugport.cli import exit_codes
from plugport.cli.command_group import COMMANDS, PlugportCommand, build_global_options
from plugport.cli.main import cli as plugport
from plugport.cli.session import Session
from plugport.environment.variables import VARIABLES
from plugport.spec.digest import Digest
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from tests.client.support import ROOT, Cli, write_plugin

PAGE = ROOT / "docs" / "cli.md"
GUIDES = [ROOT / "docs" / "guides" / name for name in ("install.md", "publish.md")]
DOCUMENTS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "demo").rglob("*.md")),
]
_PREFIX = re.compile(r'\s*(?:\$ |- run: |run: )?(?:[A-Z_]+=(?:"[^"]*"|\S+) )*')


def load_sections() -> dict[str, str]:
    """The second-level sections of the page by title."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def get_command(verb: str) -> PlugportCommand:
    command = plugport.get_command(click.Context(plugport), verb)
    assert isinstance(command, PlugportCommand)
    return command


def list_examples(path: Path) -> Iterator[str]:
    """The lines of code blocks that run `plugport`, without prompts, variables and other programs."""
    blocks = re.findall(
        r"^ *```(?:sh|console|yaml)\n(.*?)^ *```$", path.read_text(), flags=re.DOTALL | re.MULTILINE
    )
    for block in blocks:
        for line in block.replace("\\\n", " ").splitlines():
            command = _PREFIX.sub("", line, count=1)
            if command.startswith("plugport "):
                yield get_first_command(command)


def get_first_command(line: str) -> str:
    """The command before a pipe or a redirection: other programs have their own documentation."""
    return re.split(r" (?:\||>>?) ", line)[0]


def parse(words: list[str]) -> None:
    """Parse a command line without running it; raises click's usage errors."""
    command: click.Command = plugport
    context: click.Context | None = None
    name: str | None = "plugport"
    while isinstance(command, click.Group):
        context = click.Context(command, parent=context, info_name=name, obj=Session())
        # The parser of plain commands leaves the subcommand and its arguments unparsed.
        rest = click.Command.parse_args(command, context, words)
        name, subcommand, words = command.resolve_command(context, rest)
        assert subcommand is not None
        command = subcommand
    command.make_context(name, words, parent=context)


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_command_and_option_is_documented(verb: str) -> None:
    section = load_sections()[verb]
    for parameter in get_command(verb).params:
        if isinstance(parameter, click.Option) and parameter.expose_value:
            for name in (*parameter.opts, *parameter.secondary_opts):
                assert f"`{name}" in section, f"{verb} {name}"
    assert f"plugport {verb}" in section, f"{verb} has no example"


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_documented_option_exists(verb: str) -> None:
    known = {name for p in get_command(verb).params for name in (*p.opts, *p.secondary_opts)}
    documented = set(re.findall(r"`(--?[a-z][a-z0-9-]*)", load_sections()[verb]))
    assert documented <= known


def test_every_documented_command_exists() -> None:
    assert set(load_sections()) == {"Global options and output", *COMMANDS}


def test_the_global_options_are_documented() -> None:
    section = load_sections()["Global options and output"]
    for option in (*build_global_options(), *plugport.params):
        for name in option.opts:
            assert f"`{name}" in section


def test_environment_variables_are_documented() -> None:
    page = PAGE.read_text().replace("`", "")
    for name, meaning in VARIABLES.items():
        assert f"| {name} | {meaning.split(' (')[0]}" in page


def test_exit_codes_are_documented() -> None:
    for code, meaning in exit_codes.MEANINGS.items():
        assert f"| {code} | {meaning} |" in PAGE.read_text()


@pytest.mark.parametrize("dialect", MANIFEST_FORMATS)
def test_kinds_by_manifest_format_are_documented(dialect: str) -> None:
    rows = [row for row in load_sections()["init"].splitlines() if row.startswith("|")]
    row = next(row for row in rows if f"`{dialect}`" in row.split("|")[1])
    assert re.findall(r"`([a-z]+)`", row.split("|")[2]) == list(MANIFEST_FORMATS[dialect].scaffolds)


EXAMPLES = [example for path in DOCUMENTS for example in list_examples(path)]
EXAMPLES += [
    get_first_command(example) for verb in COMMANDS for example in get_command(verb).examples
]


@pytest.mark.parametrize("example", sorted(set(EXAMPLES)))
def test_every_example_parses(example: str) -> None:
    words = shlex.split(example, comments=True)[1:]
    parse(words)
    if "--integrity" in words:
        Digest.parse_sri(words[words.index("--integrity") + 1])


@pytest.mark.parametrize("example", ["search --nonsense", "frobnicate", "install", "plugin yank"])
def test_an_invalid_example_does_not_parse(example: str) -> None:
    with pytest.raises(click.UsageError):
        parse(shlex.split(example))


@pytest.mark.parametrize("path", [PAGE, *GUIDES], ids=lambda path: path.name)
def test_links_have_targets(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", path.read_text()):
        # Links into the registry are tested with its documentation site.
        if target.startswith(("http", "/")):
            continue
        file, _, anchor = target.partition("#")
        page = (path.parent / file).resolve() if file else path
        assert page.is_file(), target
        headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
        slugs = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in headings}
        assert not anchor or anchor in slugs, target


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_the_text_exist(path: Path) -> None:
    for verb in re.findall(r"`plugport ([a-z]+(?:-[a-z]+)*)", path.read_text()):
        assert verb in {*COMMANDS, "plugin"}, verb


def test_the_digest_of_the_guide_is_the_one_that_install_expects(cli: Cli, tmp_path: Path) -> None:
    """`--integrity` as the guide describes it, with a package from a path."""
    write_plugin(tmp_path / "my-plugin", "my-plugin")
    printed = cli.ok("pack", str(tmp_path / "my-plugin"))
    package = cli.project / "my-plugin-1.0.0.tgz"
    digest = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
    assert f"integrity sha512-{digest}\n" in printed.stdout
    cli.ok("install", str(package), "--integrity", f"sha512-{digest}")
    other = Digest.from_bytes("sha512", bytes(64)).sri
    assert cli.error(9, "install", str(package), "--integrity", other)["code"]


@pytest.mark.parametrize("name", ["README.md", "docs/cli.md", "docs/guides/ci.md", "demo"])
def test_examples_are_found(name: str) -> None:
    found = [path for path in DOCUMENTS if any(list_examples(path))]
    assert any(path.is_relative_to(ROOT / name) for path in found)
