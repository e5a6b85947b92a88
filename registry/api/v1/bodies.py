"""Reading the bodies of metadata edits."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from rest_framework import serializers as s

from registry.api.v1.shapes import Repository

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\Z")


def check_link(value: str) -> None:
    """Only http and https addresses become links. Raises DRF's `ValidationError`."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or not value.isprintable():
        raise s.ValidationError("An http or https address is needed.")


def check_slug(value: str) -> None:
    """Tags and categories are slugs. Raises DRF's `ValidationError`."""
    if not _SLUG.match(value):
        raise s.ValidationError("1 to 60 of a-z, 0-9 and `-`, no `-` at the ends.")


class RepositoryBody(Repository):
    url = s.CharField(max_length=500, validators=[check_link])
    type = s.CharField(max_length=20, required=False)
    directory = s.CharField(max_length=200, required=False, allow_null=True)


class MetadataBody(s.Serializer[Any]):
    """The editable fields; null gives a field back to the manifest."""

    displayName = s.CharField(max_length=200, required=False, allow_null=True)
    description = s.CharField(max_length=2000, required=False, allow_null=True)
    homepage = s.CharField(max_length=500, required=False, allow_null=True, validators=[check_link])
    repository = RepositoryBody(required=False, allow_null=True)
    categories = s.ListField(
        child=s.CharField(validators=[check_slug]), max_length=5, required=False, allow_null=True
    )
    tags = s.ListField(
        child=s.CharField(validators=[check_slug]), max_length=20, required=False, allow_null=True
    )

    class Meta:
        ref_name = "Metadata"

    def to_internal_value(self, data: Any) -> Any:
        """Refuse fields that are not editable instead of dropping them."""
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            allowed = ", ".join(self.fields)
            raise s.ValidationError(
                {
                    name[:100]: [f"This field cannot be edited; these can: {allowed}."]
                    for name in unknown
                }
            )
        return super().to_internal_value(data)
