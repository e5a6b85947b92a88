"""The queue on Redis: kombu's transport, but a queue holds at most one message.

A message only wakes a worker, which then runs every free job. Without the limit, messages pile up
while workers are busy or gone, one for each publish.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import redis


class WakeChannel(redis.Channel):
    """Keeps only the newest message of each queue, and acknowledges messages in memory.

    Kombu's own acknowledgment is a Redis command. If it fails, because Redis hangs for longer than
    the time-out, Celery (5.7) logs the error and keeps the connection, and the message counts as in
    progress forever: with a prefetch count of 1, the worker takes no other one until it restarts.
    """

    ack_emulation = False
    # A message only wakes a worker, and the beats replace a lost one.
    do_restore = False

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        super()._put(queue, message, **kwargs)
        priority = self._get_message_priority(message, reverse=False)
        key = self._q_for_pri(queue, priority)  # type: ignore[attr-defined] # not in the stubs
        # Messages enter at the head (LPUSH) and leave at the tail.
        with self.conn_or_acquire() as client:
            client.ltrim(key, 0, 0)


class WakeTransport(redis.Transport):
    """The transport of `redis://` and `rediss://`."""

    Channel = WakeChannel
