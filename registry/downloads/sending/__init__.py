"""How the bytes of a package reach the client.

    base.py       what is sent, and the interface
    stream.py     this process reads the package and sends it
    gateway.py    the gateway in front of this process sends it
    x_accel.py    nginx sends it (`X-Accel-Redirect`)
    redirect.py   the client gets it from S3, at a presigned URL

Only the first knows when the last byte was sent. With the others, a download counts when the response
that carries its last byte starts.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from registry.downloads.sending.base import CountedDownload, PackageSender, Transfer

__all__ = ["CountedDownload", "PackageSender", "Transfer", "get_sender"]


def get_sender() -> PackageSender:
    """The sender that the settings select (`PACKAGE_SENDER`)."""
    config = settings.PACKAGE_SENDER
    sender: PackageSender = import_string(config["BACKEND"])(**config["OPTIONS"])
    return sender
