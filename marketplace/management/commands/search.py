"""`manage.py search status|rebuild|setup|popular|missed`: the search index and the search terms."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.search import comparison, indexer, query_log
from marketplace.search.engines import get_engine
from plugport.spec.errors import PlugportError
from plugport.spec.text import quote_text

_ACTIONS = {
    "status": "show the lag of the index and its differences from the database",
    "rebuild": "rebuild the index without interrupting searches",
    "setup": "create the index if it does not exist, and update its settings",
    "popular": "list the most frequent searches",
    "missed": "list the most frequent searches without results",
}

# The worker holds the lease for moments only, unless it is rebuilding the index.
_LEASE_WAIT_SECONDS = 15


class Command(BaseCommand):
    """Inspect and maintain the search index."""

    help = "Maintain the search index. " + "; ".join(f"{n}: {m}" for n, m in _ACTIONS.items()) + "."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=list(_ACTIONS), metavar="|".join(_ACTIONS))
        parser.add_argument(
            "--days", type=int, default=30, help="days to include in `popular` and `missed`"
        )
        parser.add_argument("--limit", type=int, default=50, help="maximum number of terms to list")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the action. Raises `CommandError` if it fails."""
        try:
            match options["act"]:
                case "status":
                    self._write_status()
                case "rebuild":
                    self._rebuild()
                case "setup":
                    self._set_up()
                case act:
                    self._write_terms(options["days"], options["limit"], act == "missed")
        except PlugportError as error:
            raise CommandError(error.detail + (f"\n{error.hint}" if error.hint else "")) from None

    def _write_status(self) -> None:
        """Raises `CommandError` if the index cannot be used or differs, for use in scripts."""
        status = comparison.get_index_status()
        indexed = status.indexed_at.isoformat(timespec="seconds") if status.indexed_at else "never"
        compared = "never"
        if status.compared_at:
            time_text = status.compared_at.isoformat(timespec="seconds")
            compared = f"{time_text}, {status.repaired:,} documents repaired"
        lines = [
            ("engine", status.engine),
            ("last written", indexed),
            ("journal", f"{status.serial:,} of {status.head:,}"),
            ("lag", f"{status.lag:,} entries"),
            ("last compared", compared),
            ("listed plugins", f"{status.listed:,}"),
        ]
        if not status.error:
            lines += [
                ("documents", f"{status.documents:,}"),
                ("missing", f"{status.missing:,}"),
                ("surplus", f"{status.surplus:,}"),
                ("out of date", f"{status.outdated:,}"),
            ]
        for name, value in lines:
            self.stdout.write(f"{name:<15} {value}")
        if status.error:
            raise CommandError("\n".join(filter(None, (status.error, status.hint))))
        if status.drift and not status.lag:
            raise CommandError(
                "The index differs from the database. A worker repairs it when it starts, and daily."
                " To repair it now, run `search rebuild`."
            )

    def _rebuild(self) -> None:
        started = time.monotonic()
        count = indexer.rebuild(patience_seconds=_LEASE_WAIT_SECONDS)
        seconds = time.monotonic() - started
        self.stdout.write(f"{count:,} plugins indexed in {seconds:.1f} s.")

    def _set_up(self) -> None:
        engine = get_engine()
        engine.setup()
        engine.ping()
        self.stdout.write(f"The index of {engine.name} exists and its settings are up to date.")

    def _write_terms(self, days: int, limit: int, is_missed: bool) -> None:
        terms = query_log.list_terms(days=days, limit=limit, is_missed=is_missed)
        self.stdout.write(f"{'searches':>8}  {'not found':>9}  {'chosen':>6}  {'rank':>5}  term")
        for term in terms:
            rank = f"{term['ranks'] / term['chosen']:.1f}" if term["chosen"] else "-"
            self.stdout.write(
                f"{term['total']:>8}  {term['missed']:>9}  {term['chosen']:>6}  {rank:>5}"
                f"  {quote_text(term['term']).strip('`')}"
            )
