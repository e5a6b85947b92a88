"""The commands and options that the documents name exist."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import click
import pytest
from celery.bin.worker import worker as celery_worker
from django.core.management import CommandError, get_commands, load_command_class

from plugport.cli.command_group import COMMANDS, build_global_options
from tests.client.test_docs import get_command, get_first_command, parse
from tests.support.data import ROOT
from tests.support.documents import PAGES, iter_named, list_code, list_inline_code

# Options of programs that are not part of Plugport, in sentences about these programs.
OPTIONS_OF_OTHERS = {"--pool", "--pool=solo", "--no-deps", "--extra-index-url"}


def list_management_commands() -> list[str]:
    """List every `manage.py …` of the documents, from the name of the command on."""
    return sorted(
        {
            get_first_command(match[1])
            for path in PAGES
            for code in list_code(path)
            if (match := re.search(r"manage\.py ([a-z][^`]*)", code))
        }
    )


def parse_management_command(line: str) -> None:
    """Parse the arguments of a management command; raises `CommandError` like a wrong call."""
    name, *words = shlex.split(line)
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    # A sentence names a command without its arguments, or with a subcommand only.
    if words:
        parser.parse_args(words)


@pytest.mark.parametrize("line", list_management_commands())
def test_management_commands_parse(line: str) -> None:
    parse_management_command(line)


@pytest.mark.parametrize("line", ["serve --demo --nonsense", "search find", "restore --check"])
def test_an_invalid_management_command_does_not_parse(line: str) -> None:
    with pytest.raises(CommandError):
        parse_management_command(line)


def test_migrations_to_go_back_to_exist() -> None:
    """`manage.py migrate APP NUMBER` names a migration."""
    targets = [line.split()[1:] for line in list_management_commands() if "migrate " in line]
    assert targets
    for app, number in targets:
        assert len(list((ROOT / app / "migrations").glob(f"{number}_*.py"))) == 1


def list_plugport_commands() -> list[str]:
    """List every `plugport …` with arguments between backticks."""
    return sorted({code for _, code in iter_named(r"plugport [a-z]+ .+", inline_only=True)})


@pytest.mark.parametrize("line", list_plugport_commands())
def test_plugport_commands_in_sentences_parse(line: str) -> None:
    parse(shlex.split(line.replace("COMMAND", "search"))[1:])


def test_options_in_sentences_exist() -> None:
    """An option between backticks is one of Plugport, of a management command, or of a known program."""
    parameters = [p for verb in COMMANDS for p in get_command(verb).params]
    parameters += build_global_options()
    known = {name for p in parameters for name in (*p.opts, *p.secondary_opts)} | {"--version"}
    for name in {line.split()[0] for line in list_management_commands()}:
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        known |= set(parser._option_string_actions)
    for page, code in iter_named(r"--?[a-z][a-z-]*(?:[ =].*)?", inline_only=True):
        assert code in OPTIONS_OF_OTHERS or re.split("[ =]", code)[0] in known, (page, code)


@pytest.mark.parametrize(
    ("program", "command", "arguments"),
    [
        ("celery", celery_worker, r"celery --app config\.celery worker (.+)"),
    ],
)
def test_programs_of_the_web_server_and_worker_have_these_options(
    program: str, command: click.Command, arguments: str
) -> None:
    """The commands of `docs/operations.md` for separate processes parse."""
    found = [re.fullmatch(arguments, code) for _, code in iter_named(rf"{program} .+")]
    lines = [match[1] for match in found if match]
    assert lines
    for line in lines:
        context = click.Context(command, info_name=program)
        command.make_parser(context).parse_args(shlex.split(line))


def test_python_modules_in_commands_exist() -> None:
    """The module of each `python -m …` exists."""
    lines = [code for path in PAGES for code in list_code(path)]
    modules = {name for line in lines for name in re.findall(r"python3? -m ([\w.]+)", line)}
    assert modules
    assert {name for name in modules if importlib.util.find_spec(name) is None} == set()


def test_scripts_in_commands_exist() -> None:
    """Each `bin/…` that the documents run is a file, with the mode that they name."""
    for page, code in iter_named(r"bin/[\w.-]+(?: [a-z]+)?"):
        script, _, mode = code.partition(" ")
        assert (ROOT / script).is_file(), page
        assert not mode or re.search(rf"\b{mode}\b", (ROOT / script).read_text()), page


def test_every_page_is_read() -> None:
    """The tests of this folder see the documents, and the code in them."""
    names = {str(path.relative_to(ROOT)) for path in PAGES}
    assert {
        "README.md",
        "SECURITY.md",
        "docs/cli.md",
        "docs/guides/ci.md",
        "demo/README.md",
    } <= names
    assert all(list_inline_code(Path(ROOT / name)) for name in names - {"SECURITY.md"})
