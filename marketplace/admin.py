"""Django admin pages of the marketplace: the search log and the state of the search index."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from accounts.admin.base import ModelAdmin, StaffViewMixin
from marketplace.models import SearchCursor, SearchTerm

_MAX_DISPLAY_CHARS = 24


class _ResultFilter(admin.SimpleListFilter):
    """Filter terms by whether a search for them had no results."""

    title = "results"
    parameter_name = "found"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("nothing", "No results at least once"), ("something", "Always some results")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[SearchTerm]
    ) -> QuerySet[SearchTerm]:
        match self.value():
            case "nothing":
                return queryset.filter(failed__gt=0)
            case "something":
                return queryset.filter(failed=0)
        return queryset


@admin.register(SearchTerm)
class SearchTermAdmin(StaffViewMixin, ModelAdmin):
    """Search terms per day. Sort by `failed` to see what people miss in the catalog.

    The numbers come first because a term can be long; the list truncates it.
    """

    list_display = (
        "searches",
        "failed",
        "results",
        "clicks",
        "mean_rank",
        "cut_term",
        "day",
        "cut_filters",
    )
    list_display_links = ("cut_term",)
    list_filter = (_ResultFilter, "day")
    search_fields = ("term",)
    ordering = ("-day", "-searches")

    @admin.display(description="term", ordering="term")
    def cut_term(self, row: SearchTerm) -> str:
        """Return the truncated term."""
        return Truncator(row.term).chars(_MAX_DISPLAY_CHARS)

    @admin.display(description="filters", ordering="filters")
    def cut_filters(self, row: SearchTerm) -> str:
        """Return the truncated filters."""
        return Truncator(row.filters).chars(_MAX_DISPLAY_CHARS)


@admin.register(SearchCursor)
class SearchCursorAdmin(StaffViewMixin, ModelAdmin):
    """The journal serial that the index has reached, and the worker that holds the lease."""

    list_display = (
        "engine",
        "serial",
        "indexed_at",
        "counted_at",
        "compared_at",
        "repaired",
        "lease_holder",
        "leased_until",
    )
