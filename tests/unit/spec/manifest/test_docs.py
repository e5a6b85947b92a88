"""The reference for authors says what the tables say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import plugport.spec.manifest
from plugport.spec.manifest.detect import DETECTION
from plugport.spec.manifest.dialects.base import REGISTRY_FIELDS
from plugport.spec.manifest.dialects.registry import DIALECTS
from plugport.spec.manifest.kinds import KINDS, KindField
from plugport.spec.manifest.permissions import PERMISSION_NAMES
from plugport.spec.manifest.reading import read_document

DOCS = Path(__file__).parents[4] / "docs" / "manifest.md"
# Where in a call that reports a fault its code stands.
CODE_ARGUMENTS = {"fail": 1, "warn": 1, "refuse": 1, "report": 2, "FieldError": 2}
# Codes of errors that parsers of names, versions and ranges raise, and the default.
CODES_OF_PARSERS = {"invalid-name", "invalid-version", "invalid-range", "invalid"}


def get_section(title: str) -> str:
    """The text under a heading, up to the next heading of its rank."""
    text = DOCS.read_text(encoding="utf-8")
    rank = title.split(" ", 1)[0]
    after = text.split(f"\n{title}\n", 1)
    assert len(after) == 2, f"{title} is not documented"
    return re.split(rf"\n#{{1,{len(rank)}}} ", after[1])[0]


def each_code() -> Iterator[str]:
    """Every code that the sources report."""
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


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_field_of_a_dialect_is_documented(dialect):
    section = get_section(f"### {dialect}")
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{row.name}` | {row.doc} | {f'`{row.into}`' if row.into else '–'} |"
        for row in DIALECTS[dialect].rows
    ]
    assert f"`{DIALECTS[dialect].path}`" in section


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
    assert rows == list(DETECTION)


def test_permissions_are_documented():
    rows = re.findall(r"^\| `(\w+)` \|", get_section("## Permissions"), re.MULTILINE)
    assert tuple(rows) == PERMISSION_NAMES


def test_codes_of_faults_are_documented():
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", get_section("## Codes of faults"), re.MULTILINE)
    assert rows == sorted(set(each_code()) | CODES_OF_PARSERS)


def test_the_example_is_a_good_manifest():
    ((example,),) = [re.findall(r"```yaml\n(.*?)```", get_section("## A manifest"), re.DOTALL)]
    reading = read_document("plugport", "plugport.yaml", example.encode())
    assert reading.warnings == ()
    assert str(reading.manifest.name) == "@acme/slack-bridge"


def test_every_claim_the_registry_ignores_is_a_word_of_trust():
    assert all(re.search("trust|verified|official", name) for name in REGISTRY_FIELDS)
