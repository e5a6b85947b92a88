"""`manage.py remove_second_factors USER`: for a person who lost the factors and the recovery codes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.factors.remove_factors import remove_all_factors
from accounts.queries.users import get_user
from plugport.spec.errors import PlugportError


class Command(BaseCommand):
    """Removes all second factors of an account."""

    help = (
        "Remove the authenticator app, the passkeys and the recovery codes of an account. Make sure that"
        " the person who asks is the owner: afterwards, the password alone signs in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the user name."""
        parser.add_argument("user", help="user name of an existing account")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove the factors. Raises `CommandError` for an unknown name."""
        try:
            count = remove_all_factors(user=get_user(options["user"]), by=None)
        except PlugportError as error:
            raise CommandError(error.detail) from None
        self.stdout.write(f"Removed second factors: {count}.")
