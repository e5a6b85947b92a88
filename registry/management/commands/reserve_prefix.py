"""Reserve a prefix of names, release it, or show which names would be kept."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Owner
from plugport.spec.errors import PlugportError
from registry.actions.organizations.reserve_prefix import (
    list_grandfathered,
    parse_prefix,
    release_prefix,
    reserve_prefix,
)


class Command(BaseCommand):
    """`manage.py reserve_prefix acme --owner acme --dry-run`."""

    help = (
        "Reserve a prefix of names: `acme` covers `acme` and `acme-tools`, and not `acmeist`. Names that"
        " exist stay with their owners."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("prefix")
        parser.add_argument(
            "--owner", metavar="NAME", help="The account or organization that may use it."
        )
        parser.add_argument("--reason", default="", help="For the list of prefixes in the admin.")
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            "--dry-run", action="store_true", help="Show the names that exist, and change nothing."
        )
        group.add_argument(
            "--release", action="store_true", help="Let everybody use the prefix again."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command. Raises `CommandError`."""
        try:
            self._run(options)
        except PlugportError as error:
            raise CommandError(f"{error.detail} {error.hint or ''}".strip()) from None

    def _run(self, options: dict[str, Any]) -> None:
        prefix = parse_prefix(options["prefix"])
        if options["release"]:
            self.stdout.write(f"released {release_prefix(actor=None, prefix=prefix).prefix}")
            return
        owner = self._find_owner(options["owner"])
        if options["dry_run"]:
            names = list_grandfathered(prefix, owner)
            title = f"{len(names)} names would stay with their owners"
        else:
            reserved = reserve_prefix(
                actor=None, prefix=prefix, owner=owner, reason=options["reason"]
            )
            names = [(each.kind, each.name) for each in reserved.grandfathered.all()]
            title = f"reserved {reserved.prefix}; {len(names)} names stay with their owners"
        self.stdout.write(title)
        for kind, name in names:
            self.stdout.write(f"{kind} {name}")

    def _find_owner(self, name: str | None) -> Owner | None:
        if name is None:
            return None
        owner = Owner.objects.filter(name=name.removeprefix("@")).first()
        if owner is None:
            raise CommandError(f"There is no account or organization `{name}`.")
        return owner
