"""A password hasher that counts, to compare the work of two requests."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.hashers import MD5PasswordHasher

COUNTING_HASHER = "tests.support.hashing.CountingHasher"


class CountingHasher(MD5PasswordHasher):
    """`count` is the number of passwords hashed by all instances."""

    count: ClassVar[int] = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.count += 1
        return super().encode(password, salt)


class RecordingHasher(MD5PasswordHasher):
    """`seen` has the salt of each hash that was computed, the parameter that tells hashes apart."""

    seen: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        RecordingHasher.seen.append(salt)
        return super().encode(password, salt)
