"""`manage.py backup FOLDER`: copy the database and the packages to a new folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backup.create import create_backup
from config.startup import describe_missing_migrations
from plugport.spec.errors import PlugportError
from plugport.spec.sizes import format_size


class Command(BaseCommand):
    """Backs up a registry that may be running."""

    help = (
        "Copy the database and the packages to a new folder, while the registry runs. Run it again"
        " to continue an interrupted backup. The backup contains secrets: keep it private."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the folder."""
        parser.add_argument("folder", type=Path, help="new folder for the backup")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the backup. Raises `CommandError` if it is not complete."""
        if message := describe_missing_migrations():
            raise CommandError(message)
        try:
            marker = create_backup(options["folder"], report=self.stderr.write)
        except PlugportError as error:
            raise CommandError(error.detail + (f"\n{error.hint}" if error.hint else "")) from None
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. Run the command again to continue.", returncode=130
            ) from None
        self.stdout.write(
            f"Backup complete: {marker.database} database, {marker.packages:,} packages"
            f" ({format_size(marker.size_bytes)})."
        )
