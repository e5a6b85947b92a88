"""`manage.py make_catalogue COUNT`: create a generated catalog for benchmarks and trials."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bench.seed.catalog import create_catalog
from plugport.spec.errors import PlugportError

_MAX_COUNT = 1_000_000


class Command(BaseCommand):
    """Generates plugins and prints its progress."""

    help = (
        "Fill the registry with COUNT generated plugins, one published release each. Names, tags"
        " and downloads are distributed as in real registries. The same seed gives the same catalog."
        " The packages are small and can be installed, but do nothing. No check examines"
        " them. Their downloads and ratings are generated too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("count", type=int, help=f"number of plugins, 1 to {_MAX_COUNT:,}")
        parser.add_argument("--seed", type=int, default=1, help="seed of the random generator")
        parser.add_argument("--force", action="store_true", help="allow this in production")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Create the catalog. Raises `CommandError` if that is not allowed."""
        count = options["count"]
        if not 1 <= count <= _MAX_COUNT:
            raise CommandError(f"COUNT is {count}. Allowed: 1 to {_MAX_COUNT:,}.")
        started = time.monotonic()

        def report(done: int) -> None:
            if done % 10_000 == 0 or done == count:
                seconds = time.monotonic() - started
                self.stdout.write(f"{done:>9,} / {count:,}  {done / seconds:,.0f} a second")

        try:
            create_catalog(
                count=count,
                seed=options["seed"],
                on_progress=report,
                even_in_production=options["force"],
            )
        except PlugportError as error:
            raise CommandError(error.detail + (f"\n{error.hint}" if error.hint else "")) from None
