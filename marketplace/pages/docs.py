"""`/docs` and `/publish`: the documentation that belongs to this registry."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import getdoc

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.problems import get_status
from marketplace import handbook, words
from marketplace.reference import read_reference
from plugport.spec.errors import MissingError, PlugportError, list_error_codes

_MENU = {"sections": handbook.SECTIONS, "reference": handbook.REFERENCE}


@require_safe
def show_index(request: HttpRequest) -> HttpResponse:
    """What there is to read."""
    context = {**_MENU, "trust_levels": words.TRUST.items()}
    return render(request, "pages/docs/index.html", context)


@require_safe
def show_page(request: HttpRequest, slug: str = "") -> HttpResponse:
    """A page of the handbook. Raises `MissingError` if there is none at this path."""
    page = handbook.find_page(request.path)
    if page is None:
        raise MissingError(
            "There is no such page in the documentation.", hint="`/docs` lists all of them."
        )
    context = {**_MENU, "document": handbook.read_document(page)}
    return render(request, "pages/docs/document.html", context)


@require_safe
def show_api(request: HttpRequest) -> HttpResponse:
    """The API's reference, drawn from its OpenAPI document."""
    return render(request, "pages/docs/api.html", {"reference": read_reference()})


@require_safe
def show_api_try(request: HttpRequest) -> HttpResponse:
    """Swagger UI over the same document, for calls from the browser."""
    return render(request, "pages/docs/api_try.html")


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """One code: what it is called, what it means, the status that goes with it."""

    code: str
    title: str
    meaning: str
    status: int


@require_safe
def show_errors(request: HttpRequest) -> HttpResponse:
    """Every error code; the `type` of a problem document leads to its entry."""
    entries = [_describe(code, error) for code, error in list_error_codes().items()]
    return render(request, "pages/docs/errors.html", {"entries": entries})


def _describe(code: str, error: type[PlugportError]) -> ErrorEntry:
    meaning = getdoc(error) or ""
    return ErrorEntry(code, error.title, meaning, get_status(error.__new__(error)))
