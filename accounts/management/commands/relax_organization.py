"""`manage.py relax_organization NAME`: let the owners in who are locked out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.organizations.relax_rules import relax_organization_rules
from accounts.queries.organizations import get_organization
from plugport.spec.errors import PlugportError


class Command(BaseCommand):
    """Switches off the rules of an organization."""

    help = (
        "Let an organization require neither a second factor nor its single sign-on, because all its"
        " owners are locked out. The owners get a mail."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the name."""
        parser.add_argument("organization", help="name of an organization")

    def handle(self, *args: Any, **options: Any) -> str:
        """Switch the rules off. Raises `CommandError`."""
        name = options["organization"].strip().removeprefix("@").lower()
        try:
            relaxed = relax_organization_rules(actor=None, organization=get_organization(name))
        except PlugportError as error:
            raise CommandError(f"{error.detail} {error.hint or ''}".strip()) from None
        if not relaxed:
            return f"`{name}` requires neither a second factor nor its single sign-on."
        return f"`{name}` no longer requires {' or '.join(relaxed)}."
