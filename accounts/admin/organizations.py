"""Organizations and issuers of identity tokens in Django's admin. Nothing is edited in place."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.actions.organizations.relax_rules import relax_organization_rules
from accounts.admin.base import ModelAdmin, ReadOnlyMixin, TabularInline
from accounts.models import (
    IssuerKeys,
    Organization,
    OrganizationInvitation,
    OrganizationMember,
    RegisteredIssuer,
    Team,
    TeamMember,
    User,
)
from accounts.policies import is_operator
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from plugport.spec.errors import PlugportError


@admin.register(Organization)
class OrganizationAdmin(ReadOnlyMixin, ModelAdmin):
    """Organizations, also deleted ones, which keep their names."""

    list_display = (
        *("name", "display_name", "requires_second_factor", "sso_only", "created_at"),
        "deleted_at",
    )
    list_select_related = ("owner",)
    list_filter = (
        ("deleted_at", admin.EmptyFieldListFilter),
        "requires_second_factor",
        "sso_only",
    )
    search_fields = ("owner__name", "display_name")
    actions = ("relax",)

    def has_relax_permission(self, request: HttpRequest) -> bool:
        """Whether the account may switch off the rules of organizations."""
        return isinstance(request.user, User) and is_operator(request.user)

    @admin.action(
        description="Require neither a second factor nor single sign-on", permissions=["relax"]
    )
    def relax(self, request: HttpRequest, selected: QuerySet[Organization]) -> HttpResponse | None:
        """Let the owners of the selected organizations in who are locked out."""
        if not is_confirmed(request):
            return redirect_to_confirmation(request.path, request)
        actor: Any = request.user
        for organization in selected.select_related("owner"):
            try:
                relaxed = relax_organization_rules(actor=actor, organization=organization)
            except PlugportError as error:
                messages.error(request, error.detail)
                continue
            if not relaxed:
                messages.info(request, f"Nothing is required by {organization.name}.")
                continue
            rules = " or ".join(relaxed)
            self.log_change(request, organization, f"No longer requires {rules}.")
            messages.success(request, f"No longer required: {rules}, by {organization.name}.")
        return None


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
