"""Which exceptions mean an unavailable service, and which are bugs."""

from __future__ import annotations

import pytest
import redis
from django.core.exceptions import ImproperlyConfigured
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)

from config.outages import find_outage


def chain(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OperationalError("connection refused"), "database-unavailable"),
        (OperationalError("database is locked"), "database-unavailable"),
        (OperationalError("deadlock detected"), "database-unavailable"),
        (InterfaceError("connection already closed"), "database-unavailable"),
        (chain(RuntimeError("in a view"), OperationalError("gone")), "database-unavailable"),
        (redis.ConnectionError("refused"), "cache-unavailable"),
        (redis.TimeoutError("slow"), "cache-unavailable"),
        (chain(RuntimeError("in a view"), redis.ConnectionError("gone")), "cache-unavailable"),
        (OperationalError("no such table: registry_plugin"), None),
        (ProgrammingError("relation does not exist"), None),
        (IntegrityError("duplicate key"), None),
        (DataError("too long"), None),
        (ImproperlyConfigured("a setting"), None),
        (ValueError("a bug"), None),
    ],
)
def test_what_counts_as_an_outage(error, code):
    outage = find_outage(error)
    assert (outage and outage.code) == code
    if outage:
        assert outage.context["retryAfterSeconds"] > 0
        assert str(error) not in outage.detail  # the driver's message may name hosts
