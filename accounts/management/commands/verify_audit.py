"""`manage.py verify_audit`: find any change of the audit log."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.audit.heads import HeadFileError, iter_heads, list_public_keys
from accounts.audit.verification import Report, verify_log

_DAMAGED, _UNREADABLE = 1, 2


class Command(BaseCommand):
    """Prints what is wrong with the audit log."""

    help = (
        "Verify the audit log: every entry and its place in the chain, the signed checkpoints, and the"
        " heads in the data folder. The exit code is 0 if the log is intact, 1 if something was changed, is"
        " missing or waits for its place in the chain for long, and 2 if the log cannot be verified."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the report as JSON")
        parser.add_argument(
            "--public-key",
            action="append",
            default=[],
            metavar="HEX",
            help="another key whose checkpoints count, such as an earlier one of this registry",
        )
        parser.add_argument(
            "--heads",
            action="append",
            default=[],
            type=Path,
            metavar="FOLDER",
            help="compare with the `audit` folder of another machine too",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and print. Raises `CommandError` unless the log is intact."""
        started = time.perf_counter()
        try:
            heads = [head for folder in (None, *options["heads"]) for head in iter_heads(folder)]
            keys = {*list_public_keys(), *options["public_key"]}
        except (OSError, HeadFileError) as error:
            raise CommandError(
                f"The log cannot be verified: {error}", returncode=_UNREADABLE
            ) from error
        report = verify_log(trusted_keys=keys, heads=heads)
        if options["json"]:
            self.stdout.write(json.dumps(report.to_json(), indent=2))
        else:
            self._print(report, time.perf_counter() - started)
        if not report.is_intact:
            text = "problem" if report.problem_count == 1 else "problems"
            raise CommandError(
                f"The audit log has {report.problem_count:,} {text}.", returncode=_DAMAGED
            )

    def _print(self, report: Report, seconds: float) -> None:
        for problem in report.problems:
            self.stdout.write(f"{problem.kind}: {problem.detail}")
        if report.problem_count > len(report.problems):
            self.stdout.write(f"and {report.problem_count - len(report.problems):,} more")
        self.stdout.write(
            f"{report.entries:,} entries, {report.pending:,} not sealed yet,"
            f" {report.erased:,} without personal data, {report.checkpoints:,} checkpoints,"
            f" {report.heads:,} heads, {seconds:.1f} s"
        )
        if report.head:
            self.stdout.write(f"head {report.head.sequence} {report.head.digest}")
