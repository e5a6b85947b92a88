"""`manage.py restore FOLDER`: load a backup into an empty registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backup.restore import check_backup, restore_backup
from marketplace.search import indexer
from plugport.spec.errors import PlugportError
from plugport.spec.sizes import format_size


class Command(BaseCommand):
    """Restores a backup, or only verifies it."""

    help = (
        "Load a backup into an empty database and an empty package storage, and rebuild the search"
        " index. Stop all processes of the registry first. Run it again if it was interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the folder and whether to change anything."""
        parser.add_argument("folder", type=Path, help="folder of a complete backup")
        parser.add_argument(
            "--check", action="store_true", help="verify all digests of the backup; change nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore or verify. Raises `CommandError` with the reason if it is refused."""
        run = check_backup if options["check"] else restore_backup
        try:
            marker = run(options["folder"], report=self.stderr.write)
        except PlugportError as error:
            raise CommandError(error.detail + (f"\n{error.hint}" if error.hint else "")) from None
        except KeyboardInterrupt:
            raise CommandError(
                "Interrupted. Run the command again to continue.", returncode=130
            ) from None
        self.stdout.write(
            f"{'Backup intact' if options['check'] else 'Restored'}: created {marker.created_at},"
            f" {marker.database} database, {marker.packages:,} packages"
            f" ({format_size(marker.size_bytes)})."
        )
        if not options["check"]:
            self._rebuild_index()

    def _rebuild_index(self) -> None:
        try:
            count = indexer.rebuild()
        except PlugportError as error:
            raise CommandError(
                f"The registry is restored, but its search index is not: {error.detail}\n"
                "Run `manage.py search rebuild`."
            ) from None
        self.stdout.write(f"Search index rebuilt: {count:,} plugins.")
