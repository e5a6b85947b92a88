"""News of the registry, for the apps above it: sent once the change is committed.

Receivers get them in the process that made the change. What they do must be able to fail or be
missed: the journal is the truth, the signal only says that there is something new in it.
"""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal

# Sent without arguments after a commit that appended to the journal.
journal_appended = Signal()


def announce_after_commit() -> None:
    """Send `journal_appended` when the transaction commits; never if it is rolled back."""
    transaction.on_commit(lambda: journal_appended.send_robust(sender=None), robust=True)
