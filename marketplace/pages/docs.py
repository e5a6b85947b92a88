"""`/docs` and `/publish`: the documentation site."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import getdoc

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.cache_marks import InvalidatedBy, cacheable
from common.http.status import get_status
from marketplace import labels
from marketplace.docs_site import guides
from marketplace.docs_site.api_reference import build_reference
from marketplace.docs_site.docs_search import MAX_QUERY_CHARS, search_docs
from plugport.spec.errors import MissingError, PlugportError, list_error_codes
from registry.api.v1.parameters import get_text_parameter

_MENU = {"sections": guides.SECTIONS, "reference": guides.REFERENCE}


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_index(request: HttpRequest) -> HttpResponse:
    """The table of contents; with `q`, the sections that match these words."""
    query = get_text_parameter(request.GET, "q").strip()[:MAX_QUERY_CHARS]
    context = {
        **_MENU,
        "trust_levels": labels.TRUST.items(),
        "docs_query": query,
        "docs_results": search_docs(query),
    }
    return render(request, "pages/docs/index.html", context)


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_guide(request: HttpRequest, slug: str = "") -> HttpResponse:
    """A guide or reference page. Raises `MissingError` for an unknown path."""
    page = guides.find_page(request.path)
    if page is None:
        raise MissingError(
            "There is no such page in the documentation.", hint="See the list of pages at `/docs`."
        )
    context = {**_MENU, "document": guides.load_document(page)}
    return render(request, "pages/docs/document.html", context)


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_api_reference(request: HttpRequest) -> HttpResponse:
    """The API reference, rendered from the OpenAPI document."""
    return render(request, "pages/docs/api.html", {"reference": build_reference()})


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_api_console(request: HttpRequest) -> HttpResponse:
    """Swagger UI, which sends real requests from the browser."""
    return render(request, "pages/docs/api_console.html")


@dataclass(frozen=True, slots=True)
class ErrorEntry:
    """An error code with its title, description and HTTP status."""

    code: str
    title: str
    description: str
    status: int


@require_safe
@cacheable(InvalidatedBy.ANY_CHANGE)
def render_error_codes(request: HttpRequest) -> HttpResponse:
    """All error codes. The `type` of a problem document links to an entry of this page."""
    entries = [_build_error_entry(code, error) for code, error in list_error_codes().items()]
    return render(request, "pages/docs/errors.html", {"entries": entries})


def _build_error_entry(code: str, error: type[PlugportError]) -> ErrorEntry:
    description = getdoc(error) or ""
    if code != error.code:
        description = f"Former code of `{error.code}`. It will be removed in the next release."
    return ErrorEntry(code, error.title, description, get_status(error))
