"""`manage.py account_groups USER [GROUP…]`: show or set the groups of an account."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.change_groups import change_groups
from accounts.models import AccountGroup
from accounts.queries.users import get_open_user, get_user
from plugport.spec.errors import PlugportError


class Command(BaseCommand):
    """Makes moderators, security reviewers and operators."""

    help = "Set the groups of an account: exactly the named ones. Without any, show them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the user name and the groups."""
        parser.add_argument("user", help="user name of an existing account")
        parser.add_argument("groups", nargs="*", help=", ".join(AccountGroup.values))
        parser.add_argument("--none", action="store_true", help="take it out of all groups")

    def handle(self, *args: Any, **options: Any) -> str:
        """Set the groups. Raises `CommandError`."""
        name, groups = options["user"], options["groups"]
        if groups and options["none"]:
            raise CommandError("Name groups, or use --none.")
        try:
            if groups or options["none"]:
                change_groups(actor=None, account=get_open_user(name), groups=groups)
            found = sorted(get_user(name).registry_groups)
        except PlugportError as error:
            raise CommandError(f"{error.detail} {error.hint or ''}".strip()) from None
        return f"Groups of `{name}`: {', '.join(found) or 'none'}."
