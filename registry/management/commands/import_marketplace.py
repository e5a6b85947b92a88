"""`manage.py import_marketplace PATH --scope SCOPE`: publish the plugins of a marketplace."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import UnknownUserError
from accounts.models import User
from accounts.queries.users import find_superuser, get_user
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.marketplace import Marketplace
from plugport.spec.names import parse_scope
from registry.actions.create_scope import create_scope
from registry.actions.import_marketplace import (
    Outcome,
    import_marketplace,
    list_readmes,
    load_marketplace,
)


class Command(BaseCommand):
    """Imports one marketplace, prints a line per entry and a summary table."""

    help = (
        "Publish each plugin of a Claude Code marketplace whose files are in PATH, through the"
        " same checks as any upload. Run it again to publish only the changed plugins. The exit code"
        " is 1 if an entry was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="folder that contains .claude-plugin/")
        parser.add_argument("--scope", required=True, help="scope of the plugins, without @")
        parser.add_argument(
            "--owner", help="account that publishes the plugins (default: the first superuser)"
        )
        parser.add_argument(
            "--readmes", type=Path, help="folder of .md files for plugins without a README"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and print. Raises `CommandError` at the end if an entry was refused."""
        try:
            scope = parse_scope(options["scope"].removeprefix("@"))
            actor = get_publisher(options["owner"])
            folder, marketplace = load_marketplace(options["path"])
            readmes = list_readmes(options["readmes"]) if options["readmes"] else []
            create_scope(actor=actor, name=scope)
        except PlugportError as error:
            if options["json"]:
                self.stdout.write(format_error(error))
            raise CommandError(error.detail + (f"\n{error.hint}" if error.hint else "")) from None
        total = len(marketplace.entries) + len(marketplace.unusable)
        outcomes = []
        for outcome in import_marketplace(
            actor=actor,
            folder=folder,
            marketplace=marketplace,
            scope=scope,
            readmes=readmes,
        ):
            outcomes.append(outcome)
            if not options["json"]:
                self.stdout.write(format_outcome(outcome, f"{len(outcomes)}/{total}"))
        warnings = list_warnings(marketplace)
        if options["json"]:
            self.stdout.write(format_json(marketplace.name, scope, outcomes, warnings))
        else:
            for warning in warnings:
                self.stdout.write(f"warning: {warning}")
            self.stdout.write(format_table(marketplace.name, outcomes))
        refused = sum(outcome.result == "refused" for outcome in outcomes)
        if refused:
            raise CommandError(f"{refused} of {total} entries were refused.")


def get_publisher(username: str | None) -> User:
    """The account to publish as: the named one, else the first superuser.

    Raises `UnknownUserError`, also without a superuser.
    """
    if username:
        return get_user(username)
    user = find_superuser()
    if user is None:
        raise UnknownUserError(
            "There is no superuser.", hint="Name an account with --owner, or create a superuser."
        )
    return user


def list_warnings(marketplace: Marketplace) -> list[str]:
    """The problems of the marketplace itself; those of its entries are in their outcomes."""
    return [
        str(warning) for warning in marketplace.warnings if not warning.field.startswith("plugins[")
    ]


def get_label(outcome: Outcome) -> str:
    """The name of an entry, or its position if it has no valid name."""
    return outcome.name or f"plugins[{outcome.index}]"


def format_outcome(outcome: Outcome, progress: str) -> str:
    """One line about the entry, followed by one line per note."""
    lines = [f"{progress:>9}  {outcome.result:<9}  {get_label(outcome)}"]
    if outcome.detail:
        lines[0] += f"  ({outcome.detail})"
    return "\n".join([*lines, *(f"{'':>22}note: {note}" for note in outcome.notes)])


def count_results(outcomes: list[Outcome]) -> Counter[str]:
    """How many entries have each result; refused ones by reason."""
    return Counter(f"refused: {o.reason}" if o.result == "refused" else o.result for o in outcomes)


def format_table(name: str, outcomes: list[Outcome]) -> str:
    """The summary: how many entries have each result, and every entry that was refused."""
    counts = count_results(outcomes)
    rows = [("published", counts.pop("published", 0)), ("unchanged", counts.pop("unchanged", 0))]
    rows += sorted(counts.items())
    width = max(len(label) for label, _ in rows)
    lines = [f"{label:<{width}}  {count:>4}" for label, count in rows]
    total = f"{'all entries':<{width}}  {len(outcomes):>4}"
    refused = [outcome for outcome in outcomes if outcome.result == "refused"]
    name_width = max((len(get_label(outcome)) for outcome in refused), default=0)
    listed = [f"{get_label(each):<{name_width}}  {each.detail}" for each in refused]
    table = ["", name, *lines, "-" * (width + 6), total]
    return "\n".join(["", "Refused:", *listed, *table] if listed else table)


def format_json(name: str, scope: str, outcomes: list[Outcome], warnings: list[str]) -> str:
    """The import as a JSON document, with one object per entry."""
    document = {
        "marketplace": name,
        "scope": scope,
        "entries": [asdict(outcome) for outcome in outcomes],
        "counts": Counter(outcome.result for outcome in outcomes),
        "warnings": warnings,
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def format_error(error: PlugportError) -> str:
    """The reason why nothing was imported, as a JSON document."""
    members = {"code": error.code, "detail": error.detail, "hint": error.hint or None}
    return json.dumps({"error": members}, ensure_ascii=False, indent=2)
