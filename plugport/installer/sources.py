"""Parse the argument of `plugport install`: a plugin, a path or a URL."""

from __future__ import annotations

from msgspec import Struct

from plugport.client.urls import Origin
from plugport.installer.errors import UnknownSourceError
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName
from plugport.spec.text import quote_text

ALLOWED_FORMS = (
    "Use NAME, NAME@VERSION, NAME@RANGE, NAME@TAG, ./FOLDER, ./FILE.tgz or https://HOST/FILE.tgz."
)
_PATH_PREFIXES = (".", "/", "~")
_PACKAGE_SUFFIXES = (".tgz", ".tar.gz")


class RegistrySource(Struct, frozen=True):
    """A plugin of the registry. `requested` is a version, a range or a dist-tag, or None."""

    name: PluginName
    requested: str | None


class PathSource(Struct, frozen=True):
    """A folder or a package file on this machine, as entered."""

    path: str


class UrlSource(Struct, frozen=True):
    """A package at a URL."""

    url: str


Source = RegistrySource | PathSource | UrlSource


def parse_source(text: str) -> Source:
    """Parse what to install. Raises `UnknownSourceError`, `InvalidUrlError`."""
    if text.startswith(("http://", "https://")):
        # Raises the error for an invalid URL.
        Origin.of(text)
        return UrlSource(text)
    # `x.tgz` is also a valid plugin name, but a file is far more likely.
    if text.startswith(_PATH_PREFIXES) or text.endswith(_PACKAGE_SUFFIXES):
        return PathSource(text)
    name, requested = split_version_spec(text)
    try:
        return RegistrySource(PluginName.parse(name), requested)
    except PlugportError as error:
        raise UnknownSourceError(
            f"{quote_text(text)} is not a plugin name, a path or a URL", hint=ALLOWED_FORMS
        ) from error


def split_version_spec(text: str) -> tuple[str, str | None]:
    """Split `NAME@REQUESTED` into both parts; the second is None without an `@`.

    Raises `UnknownSourceError` if the second part is empty.
    """
    # From the second character: the first may be the `@` of a scope.
    name, at, requested = text[1:].partition("@")
    if at and not requested.strip():
        raise UnknownSourceError(
            f"{quote_text(text)} has no version after the `@`", hint=ALLOWED_FORMS
        )
    return text[:1] + name, requested.strip() if at else None
