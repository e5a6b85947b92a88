"""`manage.py search status|rebuild|setup|popular|missed`: the search index and what is searched."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Sum
from django.utils import timezone

from marketplace.models import SearchTerm
from marketplace.search import indexer
from marketplace.search.engines import get_engine
from plugport.spec.errors import PlugportError
from plugport.spec.text import show

_ACTS = {
    "status": "how far the index is behind, and how it differs from the database",
    "rebuild": "make the index anew; searches go on meanwhile",
    "setup": "make the index if there is none, and apply its settings",
    "popular": "what is searched for most",
    "missed": "what is searched for and not found",
}

# The worker writes for moments only; a rebuild by another takes longer than this.
_PATIENCE_SECONDS = 15


class Command(BaseCommand):
    """One act a call."""

    help = "Look after the search index: " + "; ".join(f"{n}: {m}" for n, m in _ACTS.items()) + "."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("act", choices=list(_ACTS))
        parser.add_argument("--days", type=int, default=30, help="of `popular` and `missed`")
        parser.add_argument("--limit", type=int, default=50, help="lines of `popular`, `missed`")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, or say why not."""
        try:
            match options["act"]:
                case "status":
                    self._show_status()
                case "rebuild":
                    self._rebuild()
                case "setup":
                    self._set_up()
                case act:
                    self._show_terms(act, options["days"], options["limit"])
        except PlugportError as error:
            raise CommandError(error.detail + (f"\n{error.hint}" if error.hint else "")) from None

    def _show_status(self) -> None:
        """Raises `CommandError` where the index cannot be used or differs, for scripts."""
        status = indexer.measure()
        indexed = status.indexed_at.isoformat(timespec="seconds") if status.indexed_at else "never"
        lines = [
            ("engine", status.engine),
            ("last written", indexed),
            ("journal", f"{status.serial:,} of {status.head:,}"),
            ("lag", f"{status.lag:,} entries"),
            ("listed plugins", f"{status.listed:,}"),
        ]
        if not status.fault:
            lines += [
                ("documents", f"{status.documents:,}"),
                ("missing", f"{status.missing:,}"),
                ("surplus", f"{status.surplus:,}"),
                ("out of date", f"{status.outdated:,}"),
            ]
        for name, value in lines:
            self.stdout.write(f"{name:<15} {value}")
        if status.fault:
            raise CommandError(f"{status.fault} The worker makes it anew, or `search rebuild`.")
        if status.drift and not status.lag:
            raise CommandError("The index differs from the database: run `search rebuild`.")

    def _rebuild(self) -> None:
        started = time.monotonic()
        count = indexer.rebuild(patience_seconds=_PATIENCE_SECONDS)
        seconds = time.monotonic() - started
        self.stdout.write(f"{count:,} plugins indexed in {seconds:.1f} s.")

    def _set_up(self) -> None:
        engine = get_engine()
        engine.setup()
        engine.ping()
        self.stdout.write(f"The index of {engine.name} is there and its settings are in force.")

    def _show_terms(self, act: str, days: int, limit: int) -> None:
        since = timezone.now().date() - dt.timedelta(days=max(0, days))
        rows = (
            SearchTerm.objects.filter(day__gt=since)
            .values("term")
            .annotate(
                total=Sum("searches"),
                none=Sum("failed"),
                chosen=Sum("clicks"),
                rank=Sum("rank_sum"),
            )
        )
        rows = (
            rows.filter(none__gt=0).order_by("-none", "term")
            if act == "missed"
            else rows.filter(total__gt=0).order_by("-total", "term")
        )
        self.stdout.write(f"{'searches':>8}  {'not found':>9}  {'chosen':>6}  {'place':>5}  term")
        for row in rows[: max(0, limit)]:
            place = f"{row['rank'] / row['chosen']:.1f}" if row["chosen"] else "-"
            self.stdout.write(
                f"{row['total']:>8}  {row['none']:>9}  {row['chosen']:>6}  {place:>5}"
                f"  {show(row['term']).strip('`')}"
            )
