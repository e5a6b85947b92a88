"""SCIM filters (RFC 7644, section 3.4.2.2) as conditions of the database.

The library parses them and checks attributes, operators and values. Values become parameters of the query
and never its text. Each attribute that can be filtered is a column; others are refused by name. The
number of terms is bounded, and each term is one comparison in the rows of one organization.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
    coerce_value,
)

from accounts.models import ScimGroupMember
from accounts.sso.scim.keys import build_key
from accounts.sso.scim.resources import Group, User

MAX_FILTER_CHARS = 1000
MAX_TERMS = 20
MAX_DEPTH = 10
_HIGH, _LOW = r"\\u[dD][89abAB][0-9a-fA-F]{2}", r"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_LONE_SURROGATE = rf"{_HIGH}(?!{_LOW})|(?<!{_HIGH}){_LOW}"
# No database stores NUL, nor surrogates without their other half; in JSON, both can be escaped.
_HAS_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]|\\u0000|" + _LONE_SURROGATE)
_USER_FILTER: Any = ScimFilter[User]
_GROUP_FILTER: Any = ScimFilter[Group]
_TEXT_LOOKUPS = {
    CompareOperator.eq: "exact",
    CompareOperator.co: "contains",
    CompareOperator.sw: "startswith",
    CompareOperator.ew: "endswith",
}
_TIME_LOOKUPS = {
    CompareOperator.eq: "exact",
    CompareOperator.gt: "gt",
    CompareOperator.ge: "gte",
    CompareOperator.lt: "lt",
    CompareOperator.le: "lte",
}


def parse_user_filter(text: str) -> Q:
    """The condition on rows of `ScimUser`. Raises `InvalidFilterException`."""
    return _parse(text, _USER_FILTER, _USER_COLUMNS)


def parse_group_filter(text: str) -> Q:
    """The condition on rows of `ScimGroup`. Raises `InvalidFilterException`."""
    return _parse(text, _GROUP_FILTER, _GROUP_COLUMNS)


@dataclass(frozen=True, slots=True)
class _Column:
    """How an attribute is compared and found present."""

    compare: Callable[[CompareOperator, Any], Q | None]
    present: Q


def _build_text(column: str, *, has_case: bool = False) -> _Column:
    def compare(op: CompareOperator, value: Any) -> Q | None:
        if value is None:
            return Q(**{column: ""}) if op == CompareOperator.eq else None
        # An attribute without a value is the empty text in its column, and equals nothing.
        if not isinstance(value, str) or op not in _TEXT_LOOKUPS or not value:
            return None
        text = value if has_case else build_key(value)
        return Q(**{f"{column}__{_TEXT_LOOKUPS[op]}": text})

    return _Column(compare, ~Q(**{column: ""}))


def _build_exact(column: str) -> _Column:
    """For columns with case: databases differ in how they find parts of a text with case."""

    def compare(op: CompareOperator, value: Any) -> Q | None:
        is_text = isinstance(value, str) and value
        return Q(**{column: value}) if op == CompareOperator.eq and is_text else None

    return _Column(compare, ~Q(**{column: ""}))


def _build_time(column: str) -> _Column:
    def compare(op: CompareOperator, value: Any) -> Q | None:
        lookup = _TIME_LOOKUPS.get(op)
        if not lookup or value is None:
            return None
        try:
            # As databases store times: at the ends of the calendar, zones lead beyond it.
            at = value.astimezone(dt.UTC)
        except OverflowError:
            return None
        return Q(**{f"{column}__{lookup}": at})

    return _Column(compare, Q(pk__isnull=False))


def _compare_active(op: CompareOperator, value: Any) -> Q | None:
    is_boolean = isinstance(value, bool) and op == CompareOperator.eq
    return Q(is_active=value) if is_boolean else None


def _compare_email(op: CompareOperator, value: Any) -> Q | None:
    if op != CompareOperator.eq or not isinstance(value, str) or not _is_word(value):
        return None
    return Q(email_keys__contains=f" {build_key(value)}\n")


def _compare_email_type(op: CompareOperator, value: Any) -> Q | None:
    if op != CompareOperator.eq or not isinstance(value, str) or not _is_word(value):
        return None
    return Q(email_keys__contains=f"\n{build_key(value)} ")


def _is_word(text: str) -> bool:
    return bool(text) and not any(char.isspace() for char in text)


def _compare_member(op: CompareOperator, value: Any) -> Q | None:
    if op != CompareOperator.eq or not isinstance(value, str):
        return None
    rows = ScimGroupMember.objects.filter(group=OuterRef("pk"), member__public_id=value)
    return Q(Exists(rows))


def _compare_group(op: CompareOperator, value: Any) -> Q | None:
    if op != CompareOperator.eq or not isinstance(value, str):
        return None
    return Q(Exists(ScimGroupMember.objects.filter(member=OuterRef("pk"), group__public_id=value)))


_COMMON = {
    "id": _build_exact("public_id"),
    "externalid": _build_exact("external_id"),
    "meta.created": _build_time("created_at"),
    "meta.lastmodified": _build_time("modified_at"),
}
_EMAIL = _Column(_compare_email, ~Q(email_keys=""))
_MEMBER = _Column(_compare_member, Q(Exists(ScimGroupMember.objects.filter(group=OuterRef("pk")))))
_IN_GROUP = _Column(
    _compare_group, Q(Exists(ScimGroupMember.objects.filter(member=OuterRef("pk"))))
)
_USER_COLUMNS: Mapping[str, _Column] = {
    **_COMMON,
    "username": _build_text("user_name_key"),
    "displayname": _build_text("display_key"),
    "name.givenname": _build_text("given_key"),
    "name.familyname": _build_text("family_key"),
    "active": _Column(_compare_active, Q(pk__isnull=False)),
    "emails": _EMAIL,
    "emails.value": _EMAIL,
    "emails.type": _Column(_compare_email_type, ~Q(email_keys="")),
    "groups": _IN_GROUP,
    "groups.value": _IN_GROUP,
}
_GROUP_COLUMNS: Mapping[str, _Column] = {
    **_COMMON,
    "displayname": _build_text("display_key"),
    "members": _MEMBER,
    "members.value": _MEMBER,
}


def _parse(text: str, kind: Any, columns: Mapping[str, _Column]) -> Q:
    if len(text) > MAX_FILTER_CHARS:
        raise InvalidFilterException(
            detail=f"The filter has {len(text)} characters; at most {MAX_FILTER_CHARS} are allowed."
        )
    _check_depth(text)
    if _HAS_NO_TEXT.search(text):
        raise InvalidFilterException(
            detail="The filter contains the character NUL, or half of a character."
        )
    parsed = kind(text)
    return _Conditions(parsed, columns).visit(parsed.ast)


def _check_depth(text: str) -> None:
    depth = deepest = 0
    # Those inside of a text count too: such a filter is refused without need, and never parsed deeper.
    for char in text:
        depth += (char in "([") - (char in ")]")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise InvalidFilterException(
            detail=f"The filter has {deepest} nested parentheses; at most {MAX_DEPTH} are allowed."
        )


class _Conditions(FilterVisitor[Q]):
    """Builds the condition of each node."""

    def __init__(self, parsed: Any, columns: Mapping[str, _Column]) -> None:
        self.parsed, self.columns = parsed, columns
        self._terms = 0

    def visit_comparison(self, node: Comparison) -> Q:
        """The comparison of a column."""
        # The library has checked the operator, and reads times.
        column, path = self._find(node.attr_path), str(node.attr_path)
        value = self._read_value(node)
        negated = node.op == CompareOperator.ne
        condition = column.compare(CompareOperator.eq if negated else node.op, value)
        if condition is None:
            raise InvalidFilterException(
                detail=f"The registry cannot compare `{path}` with `{node.op.value}` and this value."
            )
        return ~condition if negated else condition

    def visit_present(self, node: Present) -> Q:
        """Whether a column has a value."""
        return self._find(node.attr_path).present

    def visit_not(self, node: Not) -> Q:
        """The opposite."""
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        """All or any of the conditions."""
        joined = Q()
        for term in node.terms:
            condition = self.visit(term)
            is_and = node.op == LogicalOperator.and_
            joined = joined & condition if is_and else joined | condition
        return joined

    def visit_value_path(self, node: ValuePath) -> Q:
        """An address with its type, or members by their value."""
        self._count()
        inner, values = node.val_filter, dict[str, str]()
        is_chain = isinstance(inner, LogicalExpr) and inner.op == LogicalOperator.and_
        for term in inner.terms if is_chain and isinstance(inner, LogicalExpr) else (inner,):
            if not isinstance(term, Comparison) or term.op != CompareOperator.eq:
                raise self._refuse(node)
            if not isinstance(term.value, str) or not term.value:
                raise self._refuse(node)
            values[term.attr_path.attr.lower()] = term.value
        attribute = node.attr_path.attr.lower()
        if (
            attribute == "emails"
            and set(values) == {"type", "value"}
            and all(map(_is_word, values.values()))
        ):
            line = f"\n{build_key(values['type'])} {build_key(values['value'])}\n"
            return Q(email_keys__contains=line)
        if len(values) == 1:
            name, value = next(iter(values.items()))
            column = self.columns.get(f"{attribute}.{name}")
            if column is not None and (found := column.compare(CompareOperator.eq, value)):
                return found
        raise self._refuse(node)

    def _refuse(self, node: FilterNode) -> InvalidFilterException:
        return InvalidFilterException(
            detail=f"The registry cannot filter by `{str(node)[:100]}`. Use `eq` with `type` and"
            " `value` of `emails`, or `value` of other attributes."
        )

    def _count(self) -> None:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise InvalidFilterException(
                detail=f"The filter has more than {MAX_TERMS} comparisons."
            )

    def _find(self, path: AttrPath) -> _Column:
        self._count()
        # Also with the name of the schema before it.
        self.parsed.resolve(path)
        name = f"{path.attr}.{path.sub_attr}" if path.sub_attr else path.attr
        column = self.columns.get(name.lower())
        if column is None:
            raise InvalidFilterException(
                detail=f"The registry cannot filter by `{name}`. It can by"
                f" {', '.join(f'`{each}`' for each in self.columns)}."
            )
        return column

    def _read_value(self, node: Comparison) -> Any:
        binding = self.parsed.resolve_comparison(node.attr_path)
        return coerce_value(binding, node.value, node.op)
