"""Where the SCIM service of an organization is; without the library, for pages."""

from __future__ import annotations

from django.conf import settings

from accounts.models import Organization


def build_base(organization: Organization) -> str:
    """The address of the SCIM service of the organization."""
    return f"{settings.BASE_URL}/scim/v2/{organization.owner.name}"
