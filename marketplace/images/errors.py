"""Why there is no picture."""

from __future__ import annotations

from plugport.spec.errors import MissingError, UnavailableError


class UnknownImageError(MissingError):
    """No README of this registry shows a picture at that address."""

    code, title = "unknown-image", "Unknown picture"


class NotAnImageError(MissingError):
    """The file is there, but only pictures are served as they are."""

    code, title = "not-an-image", "Not a picture"


class ImagesBusyError(UnavailableError):
    """Too many pictures are being fetched; this one will be there in a moment."""

    code, title = "images-busy", "Pictures are being fetched"
