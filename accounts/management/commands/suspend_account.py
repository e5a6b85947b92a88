"""`manage.py suspend_account USER --reason TEXT`: suspend an account, or end its suspension."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.suspend_account import lift_suspension, suspend_account
from accounts.queries.users import get_user
from plugport.spec.errors import PlugportError


class Command(BaseCommand):
    """Suspends an account, or lifts the suspension."""

    help = "Suspend an account at once, or lift the suspension. The person gets a mail."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the user name and what to do."""
        parser.add_argument("user", help="user name of an existing account")
        act = parser.add_mutually_exclusive_group(required=True)
        act.add_argument("--reason", help="why; the person and the audit log get it")
        act.add_argument("--lift", action="store_true", help="end the suspension")

    def handle(self, *args: Any, **options: Any) -> str:
        """Suspend the account or lift the suspension. Raises `CommandError`."""
        try:
            account = get_user(options["user"])
            if options["lift"]:
                lift_suspension(actor=None, account=account)
            else:
                suspend_account(actor=None, account=account, reason=options["reason"])
        except PlugportError as error:
            raise CommandError(f"{error.detail} {error.hint or ''}".strip()) from None
        verb = "is no longer" if options["lift"] else "is"
        return f"`{account.username}` {verb} suspended."
