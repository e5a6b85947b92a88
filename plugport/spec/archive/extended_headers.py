"""Extended tar headers: pax records and GNU long names.

POSIX.1-2017, `pax` utility, "pax Extended Header"; GNU tar manual, "Basic Tar Format". Only records
that change the path or size of a member are used; owners, times and attributes are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping

from plugport.spec.archive.errors import HeaderError, SparseError

_MEANINGFUL = frozenset({b"path", b"linkpath", b"size"})
_SPARSE_PREFIX = b"GNU.sparse."
# Enough digits for any size below 2**63. int() takes quadratic time on long text (CVE-2020-10735).
_MAX_DIGITS = 19


def parse_pax_records(data: bytes) -> dict[bytes, bytes]:
    """The raw records `path`, `linkpath` and `size` of a pax header.

    Raises `HeaderError` for malformed or duplicate records, `SparseError` for sparse maps.
    """
    records: dict[bytes, bytes] = {}
    start = 0
    while start < len(data):
        key, value, start = _parse_record(data, start)
        if key.startswith(_SPARSE_PREFIX):
            raise SparseError(
                "A pax header describes a sparse file", hint="Pack without `--sparse`."
            )
        if key in _MEANINGFUL:
            # The standard uses the last one; some readers use the first.
            if key in records:
                raise _build_pax_error(f"`{key.decode('ascii')}` twice")
            records[key] = value
    return records


def _parse_record(data: bytes, start: int) -> tuple[bytes, bytes, int]:
    """Parse one `LENGTH KEY=VALUE` line. LENGTH counts the whole line with its line feed."""
    # A bounded search keeps parsing linear on data without spaces.
    space = data.find(b" ", start, start + _MAX_DIGITS)
    digits = data[start:space] if space >= 0 else b""
    if not digits.isdigit():
        raise _build_pax_error("a record without a length")
    end = start + int(digits)
    if end > len(data) or end <= space + 1 or data[end - 1] != 0x0A:
        raise _build_pax_error("a record with a wrong length")
    key, equals, value = data[space + 1 : end - 1].partition(b"=")
    if not equals or not key:
        raise _build_pax_error("a record without a key")
    return key, value, end


def get_pax_size(records: Mapping[bytes, bytes], header_size: int) -> int:
    """The size of the member in bytes. Raises `HeaderError` if the two headers disagree."""
    text = records.get(b"size")
    if text is None:
        return header_size
    if not text.isdigit() or len(text) > _MAX_DIGITS:
        raise _build_pax_error("a size that is not a number")
    size = int(text)
    # The octal field holds at most 8 GiB - 1. Writers leave it at zero for larger sizes.
    if header_size not in (size, 0):
        raise _build_pax_error("a size that differs from the tar header")
    return size


def parse_long_name(data: bytes) -> bytes:
    """Parse the body of a GNU long name member. Raises `HeaderError`."""
    name = data.rstrip(b"\x00")
    # Without the terminating NUL, some readers continue into the padding.
    if not name or b"\x00" in name or name == data:
        raise HeaderError(
            "A GNU long-name header is malformed",
            hint="Pack it again with `plugport pack` or a current version of `tar`.",
        )
    return name


def _build_pax_error(problem: str) -> HeaderError:
    return HeaderError(
        f"A pax header is malformed: {problem}",
        hint="Pack it again with `plugport pack` or a current version of `tar`.",
        context={"found": problem},
    )
