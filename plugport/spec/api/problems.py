"""Error responses: problem documents (RFC 9457)."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from plugport.spec.api.values import describe


class FieldProblem(TypedDict):
    field: Annotated[str, describe("Dotted path of the field; empty for the whole document.")]
    detail: str
    code: str
    file: NotRequired[str]
    line: NotRequired[int]
    found: NotRequired[str]
    allowed: NotRequired[str]


class Problem(TypedDict):
    """A problem document (RFC 9457)."""

    type: Annotated[str, describe("URL of the code's entry in the documentation.")]
    title: str
    status: int
    code: Annotated[str, describe("Stable name of the error.")]
    detail: str
    hint: NotRequired[str]
    errors: NotRequired[list[FieldProblem]]
