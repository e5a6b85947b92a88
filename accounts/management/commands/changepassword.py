"""`manage.py changepassword USER`: Django's command, which also recovers the account for its owner."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from accounts.actions.set_password import set_password_as_operator
from accounts.queries.users import get_user


class Command(changepassword.Command):
    """A person who knew the old password may have created tokens, and more."""

    def handle(self, *args: Any, **options: Any) -> str:
        """Ask for the password, set it, and end what a new password by an operator ends. Raises `CommandError`."""
        message = super().handle(*args, **options)
        user = get_user(options["username"] or getpass.getuser())
        count = len(set_password_as_operator(user=user, encoded=user.password))
        return f"{message}. All sessions have ended. Revoked tokens: {count}."
