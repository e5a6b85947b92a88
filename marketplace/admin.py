"""The marketplace in Django's admin: what people search for, and how far the index is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from marketplace.models import SearchCursor, SearchTerm

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


@admin.register(SearchTerm)
class SearchTermAdmin(_ReadOnlyAdmin):
    """What was searched for, by day; sort by `failed` for what nobody offers."""

    list_display = (
        "term",
        "filters",
        "day",
        "searches",
        "failed",
        "results",
        "clicks",
        "mean_rank",
    )
    list_filter = ("day",)
    search_fields = ("term",)
    ordering = ("-day", "-searches")


@admin.register(SearchCursor)
class SearchCursorAdmin(_ReadOnlyAdmin):
    """How far the index has followed the journal, and who writes it."""

    list_display = ("engine", "serial", "indexed_at", "counted_at", "lease_holder", "leased_until")
