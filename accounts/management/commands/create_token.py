"""`manage.py create_token USER --scope publish`: print a new token, alone on its line."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.create_token import create_token
from accounts.models.token import SCOPES
from accounts.queries import get_user
from plugport.spec.errors import PlugportError


class Command(BaseCommand):
    """Makes a token for an existing account."""

    help = "Make an API token and print it. It is shown once and stored hashed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("user", help="name of an existing account")
        parser.add_argument("--scope", action="append", choices=SCOPES, help="may be repeated")
        parser.add_argument("--limit", default="", help="one plugin (@acme/chat) or scope (@acme)")
        parser.add_argument("--days", type=int, help="days until it expires; never without")
        parser.add_argument("--name", default="command line", help="shown on the account page")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the token's text."""
        try:
            _, text = create_token(
                actor=get_user(options["user"]),
                name=options["name"],
                scopes=options["scope"] or ["publish"],
                limit=options["limit"],
                days=options["days"],
            )
        except PlugportError as error:
            faults = "".join(f"\n  {field}" for field in error.fields)
            raise CommandError(error.detail + faults) from None
        self.stdout.write(text)
