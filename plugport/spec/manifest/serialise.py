"""The normalised manifest as JSON, which is what the registry stores and the API shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, NoReturn, TypeVar

from plugport.spec.errors import FieldError, InvalidError
from plugport.spec.manifest.document import describe
from plugport.spec.manifest.errors import build_manifest_error
from plugport.spec.manifest.model import (
    Config,
    Dependencies,
    Manifest,
    Permissions,
    Person,
    Repository,
)
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

T = TypeVar("T")


def write_key(name: str) -> str:
    """Write a member's name as its JSON key: `display_name` becomes `displayName`."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def manifest_to_dict(manifest: Manifest) -> dict[str, Any]:
    """Return JSON-ready values with camelCase keys; empty members are left out."""
    value = _write(manifest)
    assert isinstance(value, dict)
    return value


@cache
def _name_members(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """Each member of the dataclass and its JSON key; worked out once, it was half of the time."""
    return tuple((item.name, write_key(item.name)) for item in fields(kind))


def _write(value: object) -> object:
    if isinstance(value, PluginName | Version):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((key, _write(getattr(value, name))) for name, key in _name_members(type(value)))
        return {key: each for key, each in pairs if each not in (None, "", [], {})}
    if isinstance(value, tuple):
        return [_write(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def manifest_from_dict(data: Any) -> Manifest:
    """Read what `manifest_to_dict` wrote. Raises `ManifestError` where it is something else.

    Only names, versions and types are checked: what was accepted once stays readable when the
    rules for new manifests change.
    """
    return _read_object(Manifest, data, "")


def _read_object(cls: type[T], data: Any, path: str) -> T:
    if not isinstance(data, Mapping):
        _refuse(path, f"must be a mapping, found {describe(data)}")
    members: dict[str, Any] = {}
    for item in fields(cls):  # type: ignore[arg-type]  # every class here is a dataclass
        key = write_key(item.name)
        if data.get(key) is not None:
            reader = _READERS[str(item.type).removesuffix(" | None")]
            members[item.name] = reader(data[key], f"{path}.{key}" if path else key)
    try:
        return cls(**members)
    except TypeError:  # nothing but a missing argument is left to go wrong
        _refuse(path, "lacks a member that is required")


def _refuse(path: str, detail: str) -> NoReturn:
    raise build_manifest_error("manifest", [FieldError(path, detail, "wrong-type")])


def _read_text(data: Any, path: str) -> str:
    if not isinstance(data, str):
        _refuse(path, f"must be text, found {describe(data)}")
    return data


def _read_texts(data: Any, path: str) -> tuple[str, ...]:
    if not isinstance(data, list):
        _refuse(path, f"must be a list, found {describe(data)}")
    return tuple(_read_text(each, path) for each in data)


def _read_mapping(data: Any, path: str) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        _refuse(path, f"must be a mapping, found {describe(data)}")
    return {_read_text(key, path): value for key, value in data.items()}


def _read_ranges(data: Any, path: str) -> dict[str, str]:
    return {key: _read_text(value, path) for key, value in _read_mapping(data, path).items()}


def _parse_with(parse: Callable[[str], T]) -> Callable[[Any, str], T]:
    def read(data: Any, path: str) -> T:
        try:
            return parse(_read_text(data, path))
        except InvalidError as error:
            _refuse(path, error.detail)

    return read


def _read_with(cls: type[T]) -> Callable[[Any, str], T]:
    return lambda data, path: _read_object(cls, data, path)


# By the annotation in the model, so that a new member of a known type is read without a change here.
_READERS: Mapping[str, Callable[[Any, str], Any]] = {
    "PluginName": _parse_with(PluginName.parse),
    "Version": _parse_with(Version.parse),
    "str": _read_text,
    "tuple[str, ...]": _read_texts,
    "Mapping[str, str]": _read_ranges,
    "Mapping[str, JsonValue]": _read_mapping,
    "Person": _read_with(Person),
    "Repository": _read_with(Repository),
    "Config": _read_with(Config),
    "Dependencies": _read_with(Dependencies),
    "Permissions": _read_with(Permissions),
}
