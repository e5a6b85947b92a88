"""Domains of email addresses and addresses that lapsed, in Django's admin. Nothing is edited."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import ModelAdmin, ReadOnlyMixin
from accounts.models import LapsedAddress, MailDomain


@admin.register(MailDomain)
class MailDomainAdmin(ReadOnlyMixin, ModelAdmin):
    """What DNS said last, those that are gone first."""

    list_display = ("domain", "gone_days", "lapsed_at", "checked_at")
    list_filter = (("lapsed_at", admin.EmptyFieldListFilter),)
    search_fields = ("domain",)
    ordering = ("-gone_days", "domain")


@admin.register(LapsedAddress)
class LapsedAddressAdmin(ReadOnlyMixin, ModelAdmin):
    """Addresses that are no longer verified. The page of the account marks it as verified again."""

    list_display = ("user", "email", "lapsed_at")
    search_fields = ("user__username", "email")
