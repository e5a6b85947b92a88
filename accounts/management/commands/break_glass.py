"""`manage.py break_glass USER`: let an operator use a password while passwords are switched off."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.sso.break_glass import set_break_glass
from plugport.spec.errors import PlugportError


class Command(BaseCommand):
    """Marks an account, or takes the mark away."""

    help = "Let an operator sign in with a password while PLUGPORT_LOCAL_PASSWORDS is off."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the account of an operator (superuser)")
        parser.add_argument("--remove", action="store_true", help="take the exception back")

    def handle(self, *args: Any, **options: Any) -> str:
        """Set or remove the mark. Raises `CommandError`."""
        try:
            set_break_glass(username=options["username"], is_allowed=not options["remove"])
        except PlugportError as error:
            raise CommandError(f"{error.detail} {error.hint or ''}".strip()) from None
        verb = "can no longer" if options["remove"] else "can"
        return f"`{options['username']}` {verb} sign in with a password in an emergency."
