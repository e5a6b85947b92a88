"""`manage.py make_catalogue COUNT`: an invented catalogue, to measure and to try things on."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from plugport.spec.errors import PlugportError
from registry.actions.make_catalogue import make_catalogue

_MOST = 1_000_000


class Command(BaseCommand):
    """Invents plugins and says how far it is."""

    help = (
        "Fill the registry with COUNT invented plugins, one published release each. Names, tags"
        " and downloads are spread as in real registries; the same seed gives the same catalogue."
        " The packages are small but whole: they can be installed, and do nothing. No check looks"
        " at them, and their downloads and ratings are invented too."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("count", type=int, help=f"how many plugins, 1 to {_MOST:,}")
        parser.add_argument("--seed", type=int, default=1, help="another seed, other plugins")
        parser.add_argument("--force", action="store_true", help="in production, too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, or say why not."""
        count = options["count"]
        if not 1 <= count <= _MOST:
            raise CommandError(f"COUNT is {count}; 1 to {_MOST:,} are possible.")
        started = time.monotonic()

        def report(done: int) -> None:
            if done % 10_000 == 0 or done == count:
                seconds = time.monotonic() - started
                self.stdout.write(f"{done:>9,} / {count:,}  {done / seconds:,.0f} a second")

        try:
            make_catalogue(
                count=count,
                seed=options["seed"],
                on_progress=report,
                even_in_production=options["force"],
            )
        except PlugportError as error:
            raise CommandError(error.detail + (f"\n{error.hint}" if error.hint else "")) from None
