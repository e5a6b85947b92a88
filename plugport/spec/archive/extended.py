"""Extended headers: pax records, and GNU's long names.

POSIX.1-2017, `pax` utility, "pax Extended Header"; GNU tar manual, "Basic Tar Format". Only what
changes a member's name or size counts; owners, times and attributes are read over.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugport.spec.archive.errors import HeaderError, SparseError

_MEANINGFUL = frozenset({b"path", b"linkpath", b"size"})
_SPARSE_PREFIX = b"GNU.sparse."
# Enough digits for any size below 2**63; int() of a long text takes quadratic time.
_MAX_DIGITS = 19


def parse_pax_records(data: bytes) -> dict[bytes, bytes]:
    """Pick the records `path`, `linkpath` and `size` of a pax header, as they are written.

    Raises `HeaderError` for broken records or one of them twice, `SparseError` for sparse maps.
    """
    found: dict[bytes, bytes] = {}
    start = 0
    while start < len(data):
        key, value, start = _parse_record(data, start)
        if key.startswith(_SPARSE_PREFIX):
            raise SparseError(
                "A pax header describes a sparse file", hint="Pack without `--sparse`."
            )
        if key in _MEANINGFUL:
            # By the standard the last one counts; some readers take the first.
            if key in found:
                raise _make_pax_error(f"`{key.decode('ascii')}` twice")
            found[key] = value
    return found


def _parse_record(data: bytes, start: int) -> tuple[bytes, bytes, int]:
    """One `LENGTH KEY=VALUE` line; LENGTH counts all of it, the line feed too."""
    # Looking no further than a length can reach keeps this linear.
    space = data.find(b" ", start, start + _MAX_DIGITS)
    digits = data[start:space] if space >= 0 else b""
    if not digits.isdigit():
        raise _make_pax_error("a record without a length")
    end = start + int(digits)
    if end > len(data) or end <= space + 1 or data[end - 1] != 0x0A:
        raise _make_pax_error("a record whose length is wrong")
    key, equals, value = data[space + 1 : end - 1].partition(b"=")
    if not equals or not key:
        raise _make_pax_error("a record without a key")
    return key, value, end


def get_pax_size(records: Mapping[bytes, bytes], header_size: int) -> int:
    """Get the member's size in bytes. Raises `HeaderError` if the two headers disagree on it."""
    text = records.get(b"size")
    if text is None:
        return header_size
    if not text.isdigit() or len(text) > _MAX_DIGITS:
        raise _make_pax_error("a size that is not a number")
    size = int(text)
    # The octal field holds at most 8 GiB - 1; a writer that needs more leaves it at zero.
    if header_size not in (size, 0):
        raise _make_pax_error("a size other than the header's")
    return size


def parse_long_name(data: bytes) -> bytes:
    """Read the name in the body of GNU's long-name member. Raises `HeaderError`."""
    name = data.rstrip(b"\x00")
    # Without the NUL, some readers go on into the padding.
    if not name or b"\x00" in name or name == data:
        raise HeaderError(
            "A GNU long-name header is malformed",
            hint="Pack again with `plugport pack` or a current `tar`.",
        )
    return name


def _make_pax_error(found: str) -> HeaderError:
    return HeaderError(
        f"A pax header is malformed: {found}",
        hint="Pack again with `plugport pack` or a current `tar`.",
        context={"found": found},
    )
