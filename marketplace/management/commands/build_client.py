"""`manage.py build_client`: build the command line that this registry serves."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.system_checks import SETTINGS_TAG
from marketplace.client_wheel.build import build_client_wheel
from marketplace.errors import ClientBuildError


class Command(BaseCommand):
    """Builds the wheel again only if its source changed."""

    help = "Build the wheel of the command line, which /install and /simple/plugport/ serve."
    requires_system_checks = [SETTINGS_TAG]

    def handle(self, *args: Any, **options: Any) -> None:
        """Build the wheel. Raises `CommandError`."""
        try:
            wheel, is_new = build_client_wheel()
        except ClientBuildError as error:
            raise CommandError(f"{error} {error.hint or ''}".strip()) from error
        if options["verbosity"] > 0:
            verb = "built" if is_new else "is up to date:"
            self.stdout.write(f"{verb} {wheel.filename} (sha256 {wheel.sha256})")
