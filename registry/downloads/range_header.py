"""The `Range` header of a request (RFC 9110, section 14).

A request for several ranges gets the whole file, which the RFC allows: multipart responses can be made
much larger than the file (CVE-2011-3192).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from plugport.spec.text import quote_text
from registry.errors import RangeError

# At most 19 digits: `int` takes quadratic time for long text (CVE-2020-10735).
_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})\Z")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes from `start` up to but not including `stop`."""

    start: int
    stop: int


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the requested range, or None for the whole file. Raises `RangeError`.

    A header that is not understood is ignored (RFC 9110, section 14.2).
    """
    match = _RANGE.match(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    # `bytes=-500` requests the last 500 bytes (RFC 9110, section 14.1.2).
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        # Such a range is invalid (RFC 9110, section 14.1.1), so it is ignored.
        if last and int(last) < int(first):
            return None
    if start >= size or start >= stop:
        raise RangeError(
            f"The range {quote_text(header or '')} is outside the file of {size:,} bytes.",
            context={"headers": {"Content-Range": f"bytes */{size}"}},
        )
    return ByteRange(start, stop)
