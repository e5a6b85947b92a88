"""Exit codes: one per kind of error, so that scripts can distinguish them (docs/cli.md)."""

from __future__ import annotations

from collections.abc import Mapping

from plugport.spec.errors import ErrorKind, PlugportError

OK = 0
INTERNAL_ERROR = 1
USAGE = 2
INTEGRITY = 9
# As shells report a process that SIGINT ended: 128 + 2.
INTERRUPTED = 130

# Documented and stable, like the codes of errors.
BY_KIND: Mapping[ErrorKind, int] = {
    ErrorKind.INVALID: 3,
    ErrorKind.DENIED: 4,
    ErrorKind.MISSING: 5,
    ErrorKind.CONFLICT: 6,
    ErrorKind.LIMITED: 7,
    ErrorKind.UNAVAILABLE: 8,
}
MEANINGS: Mapping[int, str] = {
    OK: "success",
    INTERNAL_ERROR: "a bug in Plugport",
    USAGE: "wrong command line",
    3: "invalid input: manifest, package, name, version, rejected release",
    4: "permission denied: missing or wrong token, blocked by trust level, not confirmed",
    5: "not found: plugin, release or file",
    6: "conflict: the version exists, other plugins depend on it, the folder exists",
    7: "limit exceeded: package size, request rate, disk space",
    8: "unavailable: no connection, registry overloaded, checks not finished, release held",
    INTEGRITY: "integrity error: the package does not have the expected digest",
    INTERRUPTED: "interrupted by Ctrl-C",
}


def get_exit_code(error: PlugportError) -> int:
    """The exit code of an error."""
    # By attribute, not by class: importing the installer would slow down every other command.
    return INTEGRITY if getattr(error, "is_integrity", False) else BY_KIND[error.kind]
