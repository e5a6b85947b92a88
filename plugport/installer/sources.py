"""What a person may write after `install`, and what is meant by it."""

from __future__ import annotations

from dataclasses import dataclass

from plugport.client.urls import Origin
from plugport.installer.errors import UnknownSourceError
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName
from plugport.spec.text import show

ALLOWED_FORMS = (
    "Allowed are NAME, NAME@VERSION, NAME@RANGE, NAME@TAG, ./FOLDER, ./FILE.tgz, and "
    "https://HOST/FILE.tgz."
)
_PATH_STARTS = (".", "/", "~")
_PACKAGE_ENDS = (".tgz", ".tar.gz")


@dataclass(frozen=True, slots=True)
class RegistrySource:
    """A plugin of the registry; `wanted` is a version, a range or a tag, None for the newest."""

    name: PluginName
    wanted: str | None


@dataclass(frozen=True, slots=True)
class PathSource:
    """A folder or a package on this machine, as the person wrote it."""

    path: str


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A package anywhere on the web."""

    url: str


Source = RegistrySource | PathSource | UrlSource


def parse_source(text: str) -> Source:
    """Read what to install. Raises `UnknownSourceError`, `InvalidUrlError`."""
    if text.startswith(("http://", "https://")):
        Origin.of(text)
        return UrlSource(text)
    # `x.tgz` could be a name as well; whoever types it means the file.
    if text.startswith(_PATH_STARTS) or text.endswith(_PACKAGE_ENDS):
        return PathSource(text)
    name, wanted = split_wanted(text)
    try:
        return RegistrySource(PluginName.parse(name), wanted)
    except PlugportError as error:
        raise UnknownSourceError(f"{show(text)} cannot be installed", hint=ALLOWED_FORMS) from error


def split_wanted(text: str) -> tuple[str, str | None]:
    """Split `NAME@WANTED` at the `@` that is not the scope's; None without one.

    Raises `UnknownSourceError` where nothing follows the `@`.
    """
    # From the second character on: the first may be the `@` of a scope.
    name, at, wanted = text[1:].partition("@")
    if at and not wanted.strip():
        raise UnknownSourceError(f"{show(text)} names no version after the `@`", hint=ALLOWED_FORMS)
    return text[:1] + name, wanted.strip() if at else None
