"""`manage.py import_marketplace PATH --scope SCOPE`: publish the plugins of a marketplace."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.queries import find_superuser, get_user
from plugport.spec.errors import PlugportError
from plugport.spec.names import parse_scope
from registry.actions.import_marketplace import Outcome, import_marketplace, load_marketplace


class Command(BaseCommand):
    """Imports one marketplace, prints a line per plugin and a summary table."""

    help = (
        "Publish each plugin of a Claude Code marketplace whose files are in PATH, through the"
        " same checks as any upload. Run it again to publish only the changed plugins."
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

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            scope = parse_scope(options["scope"].removeprefix("@"))
            actor = get_publisher(options["owner"])
            folder, marketplace = load_marketplace(options["path"])
        except PlugportError as error:
            raise CommandError(error.detail + (f"\n{error.hint}" if error.hint else "")) from None
        readmes = sorted(options["readmes"].glob("*.md")) if options["readmes"] else []
        outcomes = []
        for outcome in import_marketplace(
            actor=actor,
            folder=folder,
            marketplace=marketplace,
            scope=scope,
            # The README of the folder describes the folder, not a plugin.
            readmes=[path for path in readmes if path.name != "README.md"],
        ):
            outcomes.append(outcome)
            progress = f"{len(outcomes)}/{len(marketplace.entries)}"
            line = f"{progress:>9}  {outcome.result:<9}  {outcome.name}"
            self.stdout.write(line + (f"  ({outcome.detail})" if outcome.detail else ""))
        self.stdout.write(format_table(marketplace.name, outcomes))


def get_publisher(username: str | None) -> User:
    """The account to publish as: the named one, else the first superuser.

    Raises `UnknownUserError`, or `CommandError` without a superuser.
    """
    if username:
        return get_user(username)
    user = find_superuser()
    if user is None:
        raise CommandError("There is no superuser. Specify an account with --owner.")
    return user


def format_table(name: str, outcomes: list[Outcome]) -> str:
    """The summary: how many were published, unchanged, held, and refused by reason."""
    counts: Counter[str] = Counter(
        f"refused: {o.reason}" if o.result == "refused" else o.result for o in outcomes
    )
    rows = [("published", counts.pop("published", 0)), ("unchanged", counts.pop("unchanged", 0))]
    rows += sorted(counts.items())
    width = max(len(label) for label, _ in rows)
    lines = [f"{label:<{width}}  {count:>4}" for label, count in rows]
    total = f"{'all entries':<{width}}  {len(outcomes):>4}"
    return "\n".join(["", name, *lines, "-" * (width + 6), total])
