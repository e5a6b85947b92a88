"""Recognizes a worker that takes no messages any longer, whatever the reason."""

from __future__ import annotations

from typing import Any

from celery import current_app

# In beats. More than a healthy worker needs after an outage: it tries to connect again every 30
# seconds, and replaces a connection on which nothing arrives after 51 (Celery and kombu 5.7).
STUCK_ROUNDS = 8


class StuckCheck:
    """Counts rounds in a row in which the worker was idle and a message waited.

    Several workers share a queue, so a worker may get no message for long. But an idle one takes a
    message that waits at once, from any sender.
    """

    def __init__(self) -> None:
        self._rounds = 0
        self._taken = 0

    def is_stuck(self, *, is_busy: bool, taken: int) -> bool:
        """Whether this is the last of `STUCK_ROUNDS` rounds; `taken` is the count of messages so far.

        Asks the queue. A queue that does not respond says nothing about the worker, so the count
        starts again.
        """
        is_missing = not is_busy and taken == self._taken and _has_message()
        self._taken = taken
        self._rounds = self._rounds + 1 if is_missing else 0
        return self._rounds >= STUCK_ROUNDS


def _has_message() -> bool:
    """Whether a message waits. False if the queue does not respond."""
    try:
        # A connection of its own, so that nothing of the rounds before can be stuck as well.
        with current_app.connection_for_read() as broker:
            channel: Any = broker.default_channel  # the stubs lack its methods
            declared = channel.queue_declare(queue=current_app.conf.task_default_queue)
            return bool(declared.message_count)
    except Exception:  # noqa: BLE001 -- any broker error, which the sender of the beats logs
        return False
