"""Mails as files, for registries without a mail server."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.mail.backends.filebased import EmailBackend

BACKEND = "common.mail_files.PrivateFileBackend"


class PrivateFileBackend(EmailBackend):
    """Django's backend, with a folder that only the user of the server can read.

    The mails contain links that give access to accounts (CWE-732).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Also a folder of an earlier version, and whatever the umask is.
        os.chmod(self.file_path, 0o700)  # noqa: PTH101 -- a text in the base class


def writes_mails_to_files() -> bool:
    """Whether mails reach nobody but the operator, who reads the files."""
    return settings.EMAIL_BACKEND == BACKEND
