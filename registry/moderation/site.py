"""Django's admin with the name of this registry, which opens on what needs a person.

Not in `registry.admin`, which registers its pages with the site and needs it first.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts.models import User
from accounts.policies import is_moderator
from registry.moderation.findings import summarize_findings
from registry.queries.moderation import load_overview


class RegistryAdminSite(admin.AdminSite):
    """The site at `/admin/`, for accounts with `is_staff`."""

    index_title = "Administration"
    index_template = "admin/overview.html"
    # The pages are few, and the overview lists all of them.
    enable_nav_sidebar = False

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return the variables of every page, with the name of this registry."""
        name = settings.REGISTRY_NAME
        return super().each_context(request) | {
            "site_header": name,
            "site_title": f"{name} administration",
        }

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Render what needs a decision, then the list of all tables."""
        overview = load_overview()
        context = {
            "overview": overview,
            "held": [(each, summarize_findings(each.checks.all())) for each in overview.held],
            "can_moderate": isinstance(request.user, User) and is_moderator(request.user),
        }
        return super().index(request, context | (extra_context or {}))
