"""One stored response: its final bytes for each encoding, and the responses to conditional requests."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.encodings import Headers, Message, choose_encoding, weaken_etag

# Sizes in memory beside the bodies, about: the objects and their headers.
_ENTRY_BYTES = 3_000
# Not in a 304. nginx would send the file that the last one names.
_OF_THE_BODY = frozenset(
    {
        b"content-disposition",
        b"content-encoding",
        b"content-language",
        b"content-length",
        b"content-range",
        b"content-type",
        b"x-accel-redirect",
    }
)


@dataclass(slots=True)
class Entry:
    """A response with status 200. One with `X-Accel-Redirect` has no body: nginx sends the file that it names.

    `headers` are those of the identity encoding, without the ones that each response gets anew.
    `compressed` is the result of `compress_all` for them and `body`. `plugin` is the plugin on which
    it depends, or "" for any change. Times are monotonic.
    """

    headers: Headers
    body: bytes
    change_number: int
    expires_at: float
    stored_at: float = 0.0
    plugin: str = ""
    record: str = ""
    # Whether a 304 is recorded too.
    counts_not_modified: bool = False
    # A local file with the content, if it is too large for memory.
    file_path: str = ""
    file_bytes: int = 0
    compressed: dict[bytes, Message] = field(default_factory=dict)
    etag: bytes = field(init=False)
    plain: Message = field(init=False)
    not_modified: Headers = field(init=False)
    not_modified_compressed: Headers = field(init=False)
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.etag = next((value for name, value in self.headers if name == b"etag"), b"")
        size = self.file_bytes if self.file_path else len(self.body)
        self.plain = Message([*self.headers, (b"content-length", b"%d" % size)], self.body)
        self.not_modified = select_not_modified(self.headers)
        self.not_modified_compressed = weaken_etag(self.not_modified)
        self.size_bytes = _ENTRY_BYTES + len(self.body)
        self.size_bytes += sum(len(each.body) for each in self.compressed.values())

    def select(self, accept_encoding: bytes) -> Message:
        """The message for a request with this `Accept-Encoding`."""
        if not self.compressed:
            return self.plain
        name = choose_encoding(accept_encoding, self.compressed)
        return self.compressed.get(name, self.plain)

    def find_not_modified(self, if_none_match: bytes, accept_encoding: bytes) -> Headers | None:
        """The headers of a 304, if the client has this response (RFC 9110, section 13.1.2)."""
        if not self.etag or not matches_etag(if_none_match, self.etag):
            return None
        is_plain = self.select(accept_encoding) is self.plain
        return self.not_modified if is_plain else self.not_modified_compressed


def select_not_modified(headers: Headers) -> Headers:
    """The headers of a 304: those of the 200 that do not describe its body (RFC 9110, section 15.4.5)."""
    return [pair for pair in headers if pair[0] not in _OF_THE_BODY]


def matches_etag(if_none_match: bytes, etag: bytes) -> bool:
    """Whether a list of ETags contains the ETag by weak comparison, or is `*`."""
    if if_none_match.strip() == b"*":
        return True
    wanted = etag.removeprefix(b"W/")
    return any(part.strip().removeprefix(b"W/") == wanted for part in if_none_match.split(b","))
