"""The manifest reference describes the fields, kinds and codes of the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import plugport.spec.manifest
from plugport.spec.manifest.detection import MANIFEST_PATTERNS
from plugport.spec.manifest.formats.base import REGISTRY_FIELDS
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.kinds import KINDS, KindField
from plugport.spec.manifest.parsing import parse_manifest_file
from plugport.spec.manifest.permissions import PERMISSION_NAMES

DOCS = Path(__file__).parents[4] / "docs" / "manifest.md"
# Where in a call that reports a problem its code stands.
CODE_ARGUMENTS = {"fail": 1, "warn": 1, "refuse": 1, "report": 2, "FieldError": 2}
# Codes of errors that parsers of names, versions and ranges raise, and the default.
CODES_OF_PARSERS = {"invalid-name", "invalid-version", "invalid-range", "invalid"}


def get_section(title: str) -> str:
    """Return the text below a heading, up to the next heading of its level."""
    text = DOCS.read_text(encoding="utf-8")
    rank = title.split(" ", 1)[0]
    after = text.split(f"\n{title}\n", 1)
    assert len(after) == 2, f"{title} is not documented"
    return re.split(rf"\n#{{1,{len(rank)}}} ", after[1])[0]


def each_code() -> Iterator[str]:
    """Yield every problem code in the source."""
    for path in Path(plugport.spec.manifest.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            at = CODE_ARGUMENTS.get(name)
            if at is not None and len(node.args) > at:
                constants = (
                    each for each in ast.walk(node.args[at]) if isinstance(each, ast.Constant)
                )
                yield from (each.value for each in constants if isinstance(each.value, str))


@pytest.mark.parametrize("dialect", MANIFEST_FORMATS)
def test_every_field_of_a_format_is_documented(dialect):
    section = get_section(f"### {dialect}")
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{row.name}` | {row.doc} | {f'`{row.into}`' if row.into else '–'} |"
        for row in MANIFEST_FORMATS[dialect].fields
    ]
    assert f"`{MANIFEST_FORMATS[dialect].path}`" in section


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_field_of_a_kind_is_documented(kind):
    section = get_section(f"### `{kind.name}`")
    assert f"{kind.title}: {kind.doc}." in section

    def each_row(field: KindField, prefix: str = "") -> Iterator[str]:
        allowed = f": {', '.join(f'`{word}`' for word in field.allowed)}" if field.allowed else ""
        need = "" if field.need == "optional" else f"; {field.need}"
        yield f"| `{prefix}{field.name}` | {field.type} | {field.doc}{allowed}{need} |"
        for member in field.members:
            yield from each_row(member, f"{prefix}{field.name}.")

    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [row for field in kind.fields for row in each_row(field)]


def test_the_order_of_files_is_documented():
    rows = re.findall(r"\| `(.+?)` \| \[(.+?)\]", get_section("## Which file counts"))
    assert rows == list(MANIFEST_PATTERNS)


def test_permissions_are_documented():
    rows = re.findall(r"^\| `(\w+)` \|", get_section("## Permissions"), re.MULTILINE)
    assert tuple(rows) == PERMISSION_NAMES


def test_problem_codes_are_documented():
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", get_section("## Problem codes"), re.MULTILINE)
    assert rows == sorted(set(each_code()) | CODES_OF_PARSERS)


def test_the_example_is_valid():
    ((example,),) = [re.findall(r"```yaml\n(.*?)```", get_section("## A manifest"), re.DOTALL)]
    reading = parse_manifest_file("plugport", "plugport.yaml", example.encode())
    assert reading.warnings == ()
    assert str(reading.manifest.name) == "@acme/slack-bridge"


def test_the_ignored_fields_are_claims_of_trust():
    assert all(re.search("trust|verified|official", name) for name in REGISTRY_FIELDS)
