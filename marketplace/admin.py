"""The marketplace in Django's admin: what people search for, and how far the index is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from marketplace.models import SearchCursor, SearchTerm

_SHOWN_CHARS = 24

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class _ReadOnlyAdmin(_ModelAdmin):
    """For staff to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = request.user
        return bool(user.is_active and user.is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


class _FoundFilter(admin.SimpleListFilter):
    """Whether a search for the term found nothing on that day."""

    title = "what was found"
    parameter_name = "found"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("nothing", "Nothing, at least once"), ("something", "Something each time")]

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
class SearchTermAdmin(_ReadOnlyAdmin):
    """What was searched for, by day; sort by `failed` for what nobody offers.

    The numbers come first: a term may be as long as people make it, and is cut in the list.
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
    list_filter = (_FoundFilter, "day")
    search_fields = ("term",)
    ordering = ("-day", "-searches")

    @admin.display(description="term", ordering="term")
    def cut_term(self, row: SearchTerm) -> str:
        """Its beginning."""
        return Truncator(row.term).chars(_SHOWN_CHARS)

    @admin.display(description="filters", ordering="filters")
    def cut_filters(self, row: SearchTerm) -> str:
        """Their beginning."""
        return Truncator(row.filters).chars(_SHOWN_CHARS)


@admin.register(SearchCursor)
class SearchCursorAdmin(_ReadOnlyAdmin):
    """How far the index has followed the journal, and who writes it."""

    list_display = ("engine", "serial", "indexed_at", "counted_at", "lease_holder", "leased_until")
