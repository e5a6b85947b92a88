"""Responses in memory, least recently used out, dropped when something that they show changes.

A response is stored with the number of the last change that was known when its request was sent to
Django. It is used only while no later change concerns it. So a response that was computed before a
change and arrives after it is never stored, in whatever order the two are noticed.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field

from gateway.entries import Entry

# Scheme, host, path, query; what the response depends on among the request's headers is in `Resource`.
Key = tuple[bytes, bytes, bytes, bytes]
# Clients send few different values of the headers that select a response, and short ones.
_MAX_VARIANTS = 16
_MAX_VARIANT_BYTES = 400
# Plugins with a change that is newer than some request to Django that has no response yet.
_MAX_CHANGED = 10_000
_RESOURCE_BYTES = 1_000
# Longer ones are not those of pages and documents.
_MAX_KEY_BYTES = 2_000


@dataclass(slots=True)
class Resource:
    """The responses for one host, path and query, one for each combination of the headers in `vary`."""

    vary: tuple[bytes, ...]
    entries: dict[tuple[bytes, ...], Entry] = field(default_factory=dict)
    size_bytes: int = 0


class ResponseCache:
    """Entries by key, bounded in bytes. Not for several threads: the event loop uses it alone."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._resources: OrderedDict[Key, Resource] = OrderedDict()
        self._keys_by_plugin: dict[str, set[Key]] = {}
        self._changed: dict[str, int] = {}
        # Responses to requests that were sent before these changes are not stored.
        self._last_change_of_all = 0
        self._last_change_of_others = 0
        self.change_number = 0
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._resources)

    def find(self, key: Key, headers: dict[bytes, bytes]) -> Entry | None:
        """The entry for a request, if it is still valid."""
        resource = self._resources.get(key)
        if resource is None:
            return None
        variant = tuple(headers.get(name, b"") for name in resource.vary)
        entry = resource.entries.get(variant)
        if entry is None:
            return None
        if entry.expires_at <= time.monotonic() or not self.is_current(entry):
            self._drop(key)
            return None
        self._resources.move_to_end(key)
        return entry

    def store(
        self, key: Key, headers: dict[bytes, bytes], vary: tuple[bytes, ...], entry: Entry
    ) -> bool:
        """Keep the entry, unless a change that concerns it was noticed since its request was sent."""
        variant = tuple(headers.get(name, b"") for name in vary)
        if (
            not self.is_current(entry)
            or entry.size_bytes > self._max_bytes // 8
            or sum(map(len, variant)) > _MAX_VARIANT_BYTES
            or sum(map(len, key)) > _MAX_KEY_BYTES
        ):
            return False
        resource = self._resources.get(key)
        if resource is not None and resource.vary != vary:
            self._drop(key)
            resource = None
        if resource is None:
            size = _RESOURCE_BYTES + sum(map(len, key))
            resource = self._resources[key] = Resource(vary, size_bytes=size)
            self.size_bytes += resource.size_bytes
        replaced = resource.entries.pop(variant, None)
        if replaced is None and len(resource.entries) >= _MAX_VARIANTS:
            # The oldest: dictionaries keep their order.
            replaced = resource.entries.pop(next(iter(resource.entries)))
        growth = entry.size_bytes - (replaced.size_bytes if replaced else 0)
        resource.entries[variant] = entry
        resource.size_bytes += growth
        self.size_bytes += growth
        if entry.plugin:
            self._keys_by_plugin.setdefault(entry.plugin, set()).add(key)
        self._resources.move_to_end(key)
        while self.size_bytes > self._max_bytes:
            self._drop(next(iter(self._resources)))
        return True

    def record_change(self, plugins: set[str]) -> None:
        """Drop what shows one of the plugins, and what any change concerns."""
        self.change_number += 1
        self._last_change_of_all = self.change_number
        if len(self._changed) + len(plugins) > _MAX_CHANGED:
            self._changed.clear()
            self._last_change_of_others = self.change_number
        for plugin in plugins:
            self._changed[plugin] = self.change_number
            for key in list(self._keys_by_plugin.get(plugin, ())):
                self._drop(key)

    def clear(self) -> None:
        """Drop everything, also what was requested and has no response yet."""
        self.change_number += 1
        self._last_change_of_all = self._last_change_of_others = self.change_number
        self._resources.clear()
        self._keys_by_plugin.clear()
        self._changed.clear()
        self.size_bytes = 0

    def is_current(self, entry: Entry) -> bool:
        """Whether no change was noticed that concerns the entry."""
        if not entry.plugin:
            return entry.change_number >= self._last_change_of_all
        last = max(self._last_change_of_others, self._changed.get(entry.plugin, 0))
        return entry.change_number >= last

    def _drop(self, key: Key) -> None:
        resource = self._resources.pop(key)
        self.size_bytes -= resource.size_bytes
        for entry in resource.entries.values():
            keys = self._keys_by_plugin.get(entry.plugin)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._keys_by_plugin[entry.plugin]
