"""The certificate authorities that https connections trust."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from plugport.environment.variables import (
    SSL_CERT_DIR,
    SSL_CERT_FILE,
    build_variable_error,
    find_variable,
)

if TYPE_CHECKING:
    import ssl

# OpenSSL finds a certificate in a folder by this name only (`openssl rehash`).
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+\Z")


def build_ssl_context() -> ssl.SSLContext:
    """A context that trusts SSL_CERT_FILE and SSL_CERT_DIR, or without them the public authorities.

    Raises `InvalidVariableError`. Takes about 10 ms, so build it once.
    """
    import ssl

    file, folders = find_variable(SSL_CERT_FILE), find_variable(SSL_CERT_DIR)
    if file is None and folders is None:
        import certifi

        return ssl.create_default_context(cafile=certifi.where())
    if file is not None:
        _check_file(file)
    if folders is not None:
        _check_folders(folders)
    try:
        return ssl.create_default_context(cafile=file, capath=folders)
    except (OSError, ValueError) as error:
        # `ssl.SSLError`, an `OSError`, for a file without certificates.
        name, value = (SSL_CERT_FILE, file) if file is not None else (SSL_CERT_DIR, folders or "")
        raise build_variable_error(
            name,
            value,
            "has no valid certificates",
            hint="It must contain certificates in PEM format.",
        ) from error


def _check_file(file: str) -> None:
    try:
        with Path(file).open("rb"):
            pass
    except (OSError, ValueError) as error:
        raise build_variable_error(
            SSL_CERT_FILE, file, f"names a file that cannot be read: {_format_reason(error)}"
        ) from error


def _check_folders(folders: str) -> None:
    names: list[str] = []
    # OpenSSL accepts a list of folders.
    for folder in filter(None, folders.split(os.pathsep)):
        try:
            names += [path.name for path in Path(folder).iterdir()]
        except (OSError, ValueError) as error:
            raise build_variable_error(
                SSL_CERT_DIR,
                folders,
                f"names a folder that cannot be read: {_format_reason(error)}",
            ) from error
    if not any(map(_HASHED_NAME.match, names)):
        raise build_variable_error(
            SSL_CERT_DIR,
            folders,
            "names a folder without certificates that are named by hash",
            hint="Run `openssl rehash` on the folder, or use SSL_CERT_FILE.",
        )


def _format_reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
