"""Recognizes a worker that takes no messages any longer, whatever the reason."""

from __future__ import annotations

from typing import Any

from celery import current_app

# In beats. More than a healthy worker needs after an outage: it tries to connect again every 30
# seconds, and replaces a connection on which nothing arrives after 51 (Celery and kombu 5.7).
STUCK_ROUNDS = 8
# Of up to four idle workers, the unluckiest waited eleven of its own beats for a message (measured).
UNUSED_ROUNDS = 60


class StuckCheck:
    """Counts the rounds in a row in which the worker was idle and took no message.

    An idle worker takes a message that waits at once, from any sender, so it is stuck after a few
    rounds that found one. If other workers take all messages, none waits, and chance decides who
    gets one: that takes more rounds.
    """

    def __init__(self) -> None:
        self._taken = 0
        self._sent = 0
        self._rounds = 0
        self._rounds_with_message = 0

    def is_stuck(self, *, is_busy: bool, taken: int, sent: int) -> bool:
        """Whether it took none for too long; `taken` and `sent` are its counts of messages so far.

        Asks the queue. A queue that does not respond says nothing about the worker, so the counts
        start again. A round in which the queue accepted none says nothing unless one waits: the
        beats end during an outage of the database, and Redis refuses them when its memory is full.
        """
        is_unused = not is_busy and taken == self._taken
        self._taken = taken
        has_message = _has_message() if is_unused else None
        self._rounds = 0 if has_message is None else self._rounds + int(sent > self._sent)
        self._sent = sent
        self._rounds_with_message = self._rounds_with_message + 1 if has_message else 0
        return self._rounds_with_message >= STUCK_ROUNDS or self._rounds >= UNUSED_ROUNDS


def _has_message() -> bool | None:
    """Whether a message waits. None if the queue does not respond."""
    try:
        # A connection of its own, so that nothing of the rounds before can be stuck as well.
        with current_app.connection_for_read() as broker:
            channel: Any = broker.default_channel  # the stubs lack its methods
            declared = channel.queue_declare(queue=current_app.conf.task_default_queue)
            return bool(declared.message_count)
    except Exception:  # noqa: BLE001 -- any broker error, which the sender of the beats logs
        return None
