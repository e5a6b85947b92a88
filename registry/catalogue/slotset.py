"""A set of small whole numbers, small in memory whether it has three members or a hundred thousand."""

from __future__ import annotations

from collections.abc import Collection, Iterable

# A set takes about 40 bytes a member, a bitmap 12 KB for 100,000 slots: even at about 300.
_MOST_FEW = 256
# Each of the bytes `0` and `1`, as the digits of a binary number are written, to its value.
_TO_FLAGS = bytes.maketrans(b"01", b"\x00\x01")


class SlotSet:
    """Slots in a set while they are few, as the bits of one whole number when they are many.

    Python's whole numbers intersect and count a hundred thousand bits in microseconds.
    """

    __slots__ = ("_bits", "_few")

    def __init__(self, slots: Collection[int] = ()) -> None:
        self._few: set[int] | None = set(slots) if len(slots) <= _MOST_FEW else None
        self._bits = 0 if self._few is not None else join_bits(slots)

    def add(self, slot: int) -> None:
        """Take a slot in."""
        if self._few is None:
            self._bits |= 1 << slot
            return
        self._few.add(slot)
        if len(self._few) > _MOST_FEW:
            self._bits, self._few = join_bits(self._few), None

    def discard(self, slot: int) -> None:
        """Take a slot out, if it is in."""
        if self._few is not None:
            self._few.discard(slot)
        else:
            self._bits &= ~(1 << slot)

    def __len__(self) -> int:
        return self._bits.bit_count() if self._few is None else len(self._few)

    @property
    def bits(self) -> int:
        """The number whose bit `n` is set where slot `n` is in."""
        return self._bits if self._few is None else join_bits(self._few)


def join_bits(slots: Iterable[int]) -> int:
    """The number with the bits of these slots: in bytes first, which is linear in their number."""
    slots = list(slots)
    found = bytearray((max(slots, default=0) >> 3) + 1)
    for slot in slots:
        found[slot >> 3] |= 1 << (slot & 7)
    return int.from_bytes(found, "little")


def make_flags(bits: int, size: int) -> bytes:
    """One byte a slot, 1 where its bit is set: what `itertools.compress` can walk over."""
    return format(bits, f"0{size}b").encode("ascii").translate(_TO_FLAGS)[::-1]
