"""Organizations and issuers of identity tokens in Django's admin. Nothing is edited in place."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import ModelAdmin, ReadOnlyMixin, TabularInline
from accounts.models import (
    IssuerKeys,
    Organization,
    OrganizationInvitation,
    OrganizationMember,
    RegisteredIssuer,
    Team,
    TeamMember,
)


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyMixin, ModelAdmin):
    """Organizations, also deleted ones, which keep their names."""

    list_display = ("name", "display_name", "created_at", "deleted_at")
    list_select_related = ("owner",)
    list_filter = (("deleted_at", admin.EmptyFieldListFilter),)
    search_fields = ("owner__name", "display_name")


@admin.register(OrganizationMember)
class OrganizationMemberAdmin(ReadOnlyMixin, ModelAdmin):
    """Who is in which organization: people, and robots."""

    list_display = ("user", "organization", "role", "is_public", "created_at")
    list_select_related = ("user", "organization__owner")
    list_filter = ("role", ("user__robot_of", admin.EmptyFieldListFilter))
    search_fields = ("user__username", "organization__owner__name")


@admin.register(OrganizationInvitation)
class OrganizationInvitationAdmin(ReadOnlyMixin, ModelAdmin):
    """Invitations without the hashes of their keys."""

    list_display = ("addressee", "organization", "role", "invited_by", "created_at", "expires_at")
    list_select_related = ("user", "invited_by", "organization__owner")
    list_filter = ("role",)
    search_fields = ("user__username", "email", "organization__owner__name")
    exclude = ("key_sha256",)


class TeamMemberInline(ReadOnlyMixin, TabularInline):
    """The members on the page of a team."""

    model = TeamMember
    extra = 0


@admin.register(Team)
class TeamAdmin(ReadOnlyMixin, ModelAdmin):
    """Teams and their members."""

    list_display = ("name", "organization", "created_at")
    list_select_related = ("organization__owner",)
    search_fields = ("name", "organization__owner__name")
    inlines = (TeamMemberInline,)


@admin.register(RegisteredIssuer)
class RegisteredIssuerAdmin(ReadOnlyMixin, ModelAdmin):
    """Issuers that people and organizations trust for their plugins."""

    list_display = ("url", "owner", "created_at")
    list_select_related = ("owner",)
    search_fields = ("url", "owner__name")


@admin.register(IssuerKeys)
class IssuerKeysAdmin(ReadOnlyMixin, ModelAdmin):
    """The public keys of issuers, and when they are fetched again."""

    list_display = ("issuer", "fetched_at", "next_fetch_at")
    search_fields = ("issuer",)
