"""Reads CSV, converts, checks, and writes JSON Lines; refused records go beside the output."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from convert import CONVERTERS

Faults = list[str]


def read_plan(path: str) -> dict[str, Any]:
    """The pipeline file, with its converters known to exist. Raises ValueError."""
    with open(path, encoding="utf-8") as stream:
        plan = json.load(stream)
    for name, column in plan["columns"].items():
        kind = column.get("as", "text")
        if kind not in CONVERTERS:
            raise ValueError(f"column {name!r}: `{kind}` is none of {', '.join(CONVERTERS)}")
    return plan


def convert_row(plan: dict[str, Any], row: dict[str, str | None]) -> tuple[dict[str, Any], Faults]:
    """A record and the faults of its cells."""
    record: dict[str, Any] = {}
    faults = []
    for name, column in plan["columns"].items():
        cell = (row.get(name) or "").strip()
        if not cell:
            if "ifEmpty" in column:
                record[column["to"]] = column["ifEmpty"]
            continue
        kind = column.get("as", "text")
        try:
            record[column["to"]] = CONVERTERS[kind](cell)
        except ValueError:
            faults.append(f"{column['to']}: {cell!r} is no {kind}")
    return record, faults


def load_check(plan: dict[str, Any]) -> Callable[[Any], Faults]:
    """The check of the plugin `schema-guard`, or one that takes everything."""
    if "schema" not in plan:
        return lambda record: []
    from schema_guard import compile_schema

    return compile_schema(plan["schema"])


def run(
    plan: dict[str, Any], rows: Iterator[dict[str, str | None]], take: Any, refuse: Any
) -> None:
    """Send each row to `take(record)` or `refuse(line, faults, row)`."""
    check = load_check(plan)
    for line, row in enumerate(rows, 2):
        record, faults = convert_row(plan, row)
        faults = faults or check(record)
        if faults:
            refuse(line, faults, row)
        else:
            take(record)


def main(arguments: list[str]) -> int:
    """`pipeline.py PLAN INPUT OUTPUT`."""
    if len(arguments) != 3:
        print("usage: pipeline.py PLAN INPUT OUTPUT", file=sys.stderr)
        return 2
    plan_path, source, target = arguments
    written = refused = 0
    try:
        plan = read_plan(plan_path)
        with ExitStack() as stack:
            rows = csv.DictReader(
                stack.enter_context(open(source, encoding="utf-8-sig", newline=""))
            )
            out = stack.enter_context(open(f"{target}.part", "w", encoding="utf-8"))
            aside = stack.enter_context(open(f"{target}.refused", "w", encoding="utf-8"))

            def take(record: dict[str, Any]) -> None:
                nonlocal written
                written += 1
                print(json.dumps(record, ensure_ascii=False), file=out)

            def refuse(line: int, faults: Faults, row: dict[str, str | None]) -> None:
                nonlocal refused
                refused += 1
                print(json.dumps({"line": line, "faults": faults}, ensure_ascii=False), file=aside)

            run(plan, iter(rows), take, refuse)
        os.replace(f"{target}.part", target)
    except (OSError, ValueError, KeyError, csv.Error) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{written} records written, {refused} refused ({target}.refused)")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
