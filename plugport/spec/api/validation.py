"""Validate request bodies against their declarations and report every error at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, cast

from msgspec import inspect

from plugport.spec.api.declared import MemberType, list_members, resolve_type
from plugport.spec.errors import FieldError, InvalidError
from plugport.spec.manifest.links import WEB_SCHEMES, find_url_problem
from plugport.spec.names import InvalidNameError, PluginName
from plugport.spec.text import find_unsafe_character

Body = TypeVar("Body")
# An unknown name is repeated in the error, but cut: it may be as long as a whole body.
_MAX_NAME_CHARS = 100


def validate_body(declaration: type[Body], document: object) -> Body:
    """Return the body with white space around its texts removed.

    Raises `InvalidError` with one entry in `fields` for each problem. msgspec can convert a whole
    object, but stops at the first problem.
    """
    errors: list[FieldError] = []
    body: dict[str, Any] = {}
    if isinstance(document, Mapping):
        body = _validate_object(declaration, document, "", errors)
    else:
        errors.append(FieldError("", "Expected an object."))
    if errors:
        raise InvalidError("The request body is not valid.", fields=errors)
    return cast("Body", body)


def _validate_object(
    declaration: type, document: Mapping[str, Any], path: str, errors: list[FieldError]
) -> dict[str, Any]:
    members = list_members(declaration)
    names = [member.name for member in members]
    # A misspelled field is refused and not ignored: its author believes that it has an effect.
    errors += [
        FieldError(_join_path(path, name[:_MAX_NAME_CHARS]), _format_unknown(names))
        for name in sorted(set(document) - set(names))
    ]
    values = {}
    for member in members:
        member_path = _join_path(path, member.name)
        if member.name in document:
            values[member.name] = _validate_value(
                member.type, document[member.name], member_path, errors
            )
        elif member.is_required:
            errors.append(FieldError(member_path, "This field is required.", "required"))
    return values


def _validate_value(kind: MemberType, value: Any, path: str, errors: list[FieldError]) -> Any:
    if value is None:
        if not kind.is_nullable:
            errors.append(FieldError(path, "This field may not be null.", "null"))
        return None
    match kind.base:
        case inspect.StrType() as text_type:
            # JSON numbers are not texts: `1.0` would lose its zero as a version.
            if isinstance(value, str):
                text = value.strip()
                text_format = kind.keywords.get("format", "")
                problems = _iter_text_problems(text_type, value, text, text_format)
                errors += [FieldError(path, detail, code) for detail, code in problems]
                return text
            errors.append(FieldError(path, "Expected a string."))
        case inspect.IntType() | inspect.BoolType() as scalar_type:
            errors += _list_scalar_errors(scalar_type, value, path)
            return value
        case inspect.BoolType():
            if isinstance(value, bool):
                return value
            errors.append(FieldError(path, "Expected true or false."))
        case container:
            return _validate_container(container, value, path, errors)
    return None


def _validate_container(kind: inspect.Type, value: Any, path: str, errors: list[FieldError]) -> Any:
    match kind:
        case inspect.TypedDictType(cls=declaration):
            if isinstance(value, dict):
                return _validate_object(declaration, value, path, errors)
            errors.append(FieldError(path, "Expected an object."))
        case inspect.DictType(value_type=value_type, max_length=max_length):
            if isinstance(value, dict):
                return _validate_members(resolve_type(value_type), max_length, value, path, errors)
            errors.append(FieldError(path, "Expected an object."))
        case inspect.ListType(item_type=item_type, max_length=max_length):
            if isinstance(value, list):
                return _validate_list(resolve_type(item_type), max_length, value, path, errors)
            errors.append(FieldError(path, "Expected a list.", "not_a_list"))
        case other:
            raise NotImplementedError(f"no body has a member of type {other}")
    return None


def _list_scalar_errors(
    declared: inspect.IntType | inspect.BoolType, value: Any, path: str
) -> list[FieldError]:
    if isinstance(declared, inspect.BoolType):
        return [] if isinstance(value, bool) else [FieldError(path, "Expected true or false.")]
    # JSON `true` is an int in Python.
    if isinstance(value, int) and not isinstance(value, bool):
        low, high = declared.ge, declared.le
        if (low is None or value >= low) and (high is None or value <= high):
            return []
    return [FieldError(path, f"Expected a whole number from {declared.ge} to {declared.le}.")]


def _validate_list(
    item_type: MemberType,
    max_length: int | None,
    values: list[Any],
    path: str,
    errors: list[FieldError],
) -> list[Any]:
    if max_length is not None and len(values) > max_length:
        detail = f"Expected at most {max_length} items, found {len(values)}."
        errors.append(FieldError(path, detail, "max_length"))
        # The items of a list that is too long anyway could number thousands.
        return []
    return [
        _validate_value(item_type, value, _join_path(path, str(index)), errors)
        for index, value in enumerate(values)
    ]


def _validate_members(
    value_type: MemberType,
    max_length: int | None,
    values: dict[str, Any],
    path: str,
    errors: list[FieldError],
) -> dict[str, Any]:
    """Validate an object whose members have names that no declaration knows."""
    if max_length is not None and len(values) > max_length:
        detail = f"Expected at most {max_length} members, found {len(values)}."
        errors.append(FieldError(path, detail, "max_length"))
        return {}
    checked = {}
    for name, value in values.items():
        member_path = _join_path(path, name[:_MAX_NAME_CHARS])
        if character := find_unsafe_character(name, prose=False):
            errors.append(FieldError(path, f"A name contains {character}."))
        checked[name] = _validate_value(value_type, value, member_path, errors)
    return checked


def _iter_text_problems(
    declared: inspect.StrType, raw: str, text: str, text_format: str
) -> Iterator[tuple[str, str]]:
    # Invisible and direction-changing characters show people a text that differs from what
    # programs read (CVE-2021-42574); manifests refuse the same ones.
    if character := find_unsafe_character(raw, prose=True):
        yield f"Contains {character}, which is not allowed here.", "invalid"
    elif not text:
        if declared.min_length:
            yield "This field may not be blank.", "blank"
    else:
        is_too_long = declared.max_length is not None and len(text) > declared.max_length
        if is_too_long:
            yield f"Expected at most {declared.max_length} characters.", "max_length"
        if text_format == "uri":
            if not _is_link(text):
                yield "Expected an http or https URL.", "invalid"
        elif text_format == "plugin-name":
            if not is_too_long:
                yield from _iter_name_problems(text)
        elif declared.pattern is not None and not re.search(declared.pattern, text):
            yield f"Does not match {declared.pattern}.", "invalid"


def _is_link(text: str) -> bool:
    # Other schemes, such as `javascript:`, would run code in the page that links to them.
    return text.isprintable() and not find_url_problem(text, WEB_SCHEMES)


def _iter_name_problems(text: str) -> Iterator[tuple[str, str]]:
    try:
        PluginName.parse(text)
    except InvalidNameError as error:
        yield error.detail, error.code


def _format_unknown(names: list[str]) -> str:
    return f"Unknown field. Allowed: {', '.join(names)}."


def _join_path(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
