"""Errors of images."""

from __future__ import annotations

from plugport.spec.errors import MissingError, UnavailableError


class UnknownImageError(MissingError):
    """No README of this registry shows an image with this URL."""

    code, title = "unknown-image", "Unknown image"


class NotAnImageError(MissingError):
    """The file exists but is not an image. Only images are served directly."""

    code, title = "not-an-image", "Not an image"


class ImagesBusyError(UnavailableError):
    """Too many images are being fetched. Try again in a moment."""

    code, title = "images-busy", "Images are being fetched"
