"""`manage.py import_marketplace PATH --scope SCOPE`: publish the plugins of a Claude catalogue."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.queries import get_user
from plugport.spec.errors import PlugportError
from plugport.spec.names import parse_scope
from registry.importing import Outcome, import_entries, open_marketplace


class Command(BaseCommand):
    """Imports one catalogue, shows progress, and closes with a table."""

    help = (
        "Publish each plugin of a Claude Code marketplace whose files are in PATH, through the"
        " same checks as any upload. Running it again publishes only what changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("path", type=Path, help="folder that holds .claude-plugin/")
        parser.add_argument("--scope", required=True, help="scope of the plugins, without @")
        parser.add_argument("--owner", help="account that publishes; a superuser by default")
        parser.add_argument(
            "--readmes", type=Path, help="folder of .md files for plugins without a README"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report."""
        try:
            scope = parse_scope(options["scope"].removeprefix("@"))
            actor = find_owner(options["owner"])
            folder, marketplace = open_marketplace(options["path"])
        except PlugportError as error:
            raise CommandError(error.detail + (f"\n{error.hint}" if error.hint else "")) from None
        readmes = sorted(options["readmes"].glob("*.md")) if options["readmes"] else []
        outcomes = []
        for outcome in import_entries(
            actor=actor,
            folder=folder,
            marketplace=marketplace,
            scope=scope,
            readmes=[path for path in readmes if path.name != "README.md"],
        ):
            outcomes.append(outcome)
            place = f"{len(outcomes)}/{len(marketplace.entries)}"
            line = f"{place:>9}  {outcome.result:<9}  {outcome.name}"
            self.stdout.write(line + (f"  ({outcome.detail})" if outcome.detail else ""))
        self.stdout.write(format_table(marketplace.name, outcomes))


def find_owner(username: str | None) -> User:
    """The account to publish as. Raises `UnknownUserError`, `CommandError` if none is there."""
    if username:
        return get_user(username)
    user = User.objects.filter(is_superuser=True).order_by("id").first()
    if user is None:
        raise CommandError("There is no superuser; name an account with --owner.")
    return user


def format_table(name: str, outcomes: list[Outcome]) -> str:
    """The closing table: how many were published, unchanged, held, refused by reason."""
    counts: Counter[str] = Counter(
        f"refused: {o.reason}" if o.result == "refused" else o.result for o in outcomes
    )
    rows = [("published", counts.pop("published", 0)), ("unchanged", counts.pop("unchanged", 0))]
    rows += sorted(counts.items())
    width = max(len(label) for label, _ in rows)
    lines = [f"{label:<{width}}  {count:>4}" for label, count in rows]
    total = f"{'all entries':<{width}}  {len(outcomes):>4}"
    return "\n".join(["", name, *lines, "-" * (width + 6), total])
