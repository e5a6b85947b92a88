"""The cache of the gateway never gives an answer that is older than a change it was told of."""

from __future__ import annotations

import time

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.cache import ResponseCache
from gateway.entries import Entry

PLUGINS = ("a", "b", "@c/d")
MAX_BYTES = 40_000
names = st.sampled_from(PLUGINS)
hosts = st.sampled_from([b"one.example", b"two.example"])
accepts = st.sampled_from([b"text/html", b"application/json"])


class CacheMachine(RuleBasedStateMachine):
    """A registry in which plugins and other things change, and a gateway that hears of it later.

    The body of an answer says what it was computed from: the numbers of changes of its plugin and
    of everything.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cache = ResponseCache(MAX_BYTES)
        self.versions = dict.fromkeys(PLUGINS, 0)
        self.total = 0
        # What the cache was told.
        self.known = dict(self.versions)
        self.known_total = 0
        self.unnoticed: set[str] = set()
        self.requests: list[tuple[tuple[bytes, ...], str, int, bytes]] = []

    @rule(name=names)
    def change_a_plugin(self, name: str) -> None:
        self.versions[name] += 1
        self.total += 1
        self.unnoticed.add(name)

    @rule()
    def change_something_else(self) -> None:
        for name in PLUGINS:
            self.change_a_plugin(name)
        self.cache.clear()
        self.notice()

    @rule()
    def notice(self) -> None:
        if self.unnoticed:
            self.cache.record_change(set(self.unnoticed))
        self.unnoticed.clear()
        self.known, self.known_total = dict(self.versions), self.total

    @rule(host=hosts, name=names, is_list=st.booleans())
    def send_a_request(self, host: bytes, name: str, is_list: bool) -> None:
        plugin = "" if is_list else name
        key = (b"", host, name.encode(), b"list" if is_list else b"")
        self.requests.append((key, plugin, self.cache.change_number, b""))

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), accept=accepts, padding=st.integers(0, 6000))
    def compute_and_store(self, data: st.DataObject, accept: bytes, padding: int) -> None:
        """The answer is computed now or was computed when the request was sent, and stored now."""
        index = data.draw(st.integers(0, len(self.requests) - 1))
        key, plugin, number, body = self.requests.pop(index)
        body = body or self.compute(plugin)
        entry = Entry(
            headers=[(b"content-type", b"text/plain")],
            body=b"%s|%s|%s|%s" % (body, key[1], accept, b"x" * padding),
            change_number=number,
            expires_at=time.monotonic() + 60,
            plugin=plugin,
        )
        self.cache.store(key, {b"accept": accept}, (b"accept",), entry)

    @precondition(lambda self: self.requests)
    @rule(data=st.data())
    def compute_early(self, data: st.DataObject) -> None:
        """The answer is computed, and is on its way."""
        index = data.draw(st.integers(0, len(self.requests) - 1))
        key, plugin, number, body = self.requests[index]
        self.requests[index] = (key, plugin, number, body or self.compute(plugin))

    def compute(self, plugin: str) -> bytes:
        return b"%d" % (self.versions[plugin] if plugin else self.total)

    @rule(host=hosts, name=names, is_list=st.booleans(), accept=accepts)
    def read(self, host: bytes, name: str, is_list: bool, accept: bytes) -> None:
        key = (b"", host, name.encode(), b"list" if is_list else b"")
        entry = self.cache.find(key, {b"accept": accept})
        if entry is None:
            return
        number, stored_host, stored_accept, _ = entry.body.split(b"|")
        assert (stored_host, stored_accept) == (host, accept)
        assert int(number) >= (self.known_total if is_list else self.known[name])

    @invariant()
    def stays_small(self) -> None:
        assert self.cache.size_bytes <= MAX_BYTES


TestCache = CacheMachine.TestCase


def test_long_keys_count_or_are_not_stored() -> None:
    """As with `Host: localhost:000…1`, which Django accepts."""
    cache = ResponseCache(1 << 20)

    def store(host: bytes) -> bool:
        entry = Entry(headers=[], body=b"", change_number=0, expires_at=time.monotonic() + 60)
        return cache.store((b"", host, b"/", b""), {}, (), entry)

    assert store(b"short")
    first = cache.size_bytes
    assert store(b"h" * 1_505)
    assert cache.size_bytes - first == first + 1_500
    assert not store(b"h" * 60_000)
