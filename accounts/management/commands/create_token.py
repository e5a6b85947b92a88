"""`manage.py create_token USER --scope publish`: create a token and print only its text."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.email.mark_verified import mark_verified
from accounts.actions.tokens.create_token import create_token
from accounts.actions.tokens.token_request import DEFAULT_DAYS, MAX_DAYS
from accounts.models.token import SCOPES
from accounts.queries.users import get_user
from plugport.spec.errors import PlugportError


class Command(BaseCommand):
    """Creates a token for an existing account."""

    help = "Create an API token and print it. Only its hash is stored, so it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the scope, expiry and name of the token."""
        parser.add_argument("user", help="user name of an existing account")
        parser.add_argument(
            "--scope",
            action="append",
            choices=SCOPES,
            help="permission of the token (default: publish); can be repeated",
        )
        parser.add_argument(
            "--limit",
            action="append",
            default=[],
            help="limit to a plugin (@acme/chat) or scope (@acme); can be repeated",
        )
        parser.add_argument(
            "--network",
            action="append",
            default=[],
            help="limit to a network (192.0.2.0/24) from which the token is used; can be repeated",
        )
        parser.add_argument(
            "--days",
            type=int,
            default=DEFAULT_DAYS,
            help=f"days until the token expires, at most {MAX_DAYS} (default: {DEFAULT_DAYS})",
        )
        parser.add_argument("--name", default="command line", help="name on the account page")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the token. Raises `CommandError` with the invalid fields."""
        try:
            user = get_user(options["user"])
            if not user.is_verified:
                mark_verified(user=user, by=None)
                self.stderr.write(f"The account {user.username} now counts as verified.")
            _, text = create_token(
                actor=user,
                name=options["name"],
                scopes=options["scope"] or ["publish"],
                limits=options["limit"],
                networks=options["network"],
                days=options["days"],
                is_by_operator=True,
            )
        except PlugportError as error:
            field_lines = "".join(f"\n  {field}" for field in error.fields)
            raise CommandError(error.detail + field_lines) from None
        self.stdout.write(text)
