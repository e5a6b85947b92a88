"""`manage.py link_sso USER CONNECTION SUBJECT`: link an account whose owner cannot sign in to do so."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.sso.identities import link_identity
from accounts.queries.sso import get_connection
from accounts.queries.users import get_user
from accounts.sso.person import require_subject
from plugport.spec.errors import PlugportError


class Command(BaseCommand):
    """Creates a link without the owner of the account."""

    help = "Let a person of an identity provider sign in to an existing account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="the existing account")
        parser.add_argument("connection", help="the id of the connection, from the URL of its page")
        parser.add_argument("subject", help="the `sub` claim or NameID of the person")

    def handle(self, *args: Any, **options: Any) -> str:
        """Create the link. Raises `CommandError`."""
        try:
            connection = get_connection(options["connection"])
            link_identity(
                by=None,
                user=get_user(options["username"]),
                connection=connection,
                subject=require_subject(options["subject"]),
            )
        except PlugportError as error:
            raise CommandError(f"{error.detail} {error.hint or ''}".strip()) from None
        return f"{options['subject']} of {connection.name} signs in to `{options['username']}`."
