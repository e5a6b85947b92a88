"""`manage.py changepassword USER`: Django's command, which also revokes the account's tokens."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from accounts.actions.tokens.revoke_all_tokens import revoke_all_tokens
from accounts.queries.users import get_user


class Command(changepassword.Command):
    """A person who knew the old password may have created tokens."""

    def handle(self, *args: Any, **options: Any) -> str:
        """Ask for the password, set it, and revoke the tokens. Raises `CommandError`."""
        message = super().handle(*args, **options)
        user = get_user(options["username"] or getpass.getuser())
        count = len(revoke_all_tokens(user=user, by=None).revoked)
        return f"{message}. All sessions have ended. Revoked tokens: {count}."
