"""Reading the bodies of requests. What is not known is refused by name, never dropped."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from plugport.spec.manifest.fields import find_unsafe
from plugport.spec.manifest.links import WEB_SCHEMES, find_url_fault

_check_slug = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?\Z",
    "1 to 60 of a-z, 0-9 and `-`, no `-` at the ends.",
)


def check_link(value: str) -> None:
    """Only http and https addresses become links. Raises DRF's `ValidationError`."""
    if not value.isprintable() or find_url_fault(value, WEB_SCHEMES):
        raise s.ValidationError("An http or https address is needed.")


class TextField(s.CharField):
    """A JSON string; DRF's own field also takes numbers for texts.

    Characters that show people another text than programs read are refused, as in manifests.
    """

    def to_internal_value(self, data: Any) -> str:
        """The text without blanks around it."""
        if not isinstance(data, str):
            self.fail("invalid")
        if bad := find_unsafe(data, prose=True):
            raise s.ValidationError(f"It contains {bad}, which is not allowed here.")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "format": "uri", "pattern": "^https?://", "maxLength": 500})
class LinkField(TextField):
    """A web address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=500, validators=[check_link], **options)


class Body(s.Serializer[Any]):
    """A JSON object with no other fields than those declared."""

    def to_internal_value(self, data: Any) -> Any:
        """The values. Raises DRF's `ValidationError` with every unknown field."""
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            fault = f"There is no such field; there are: {', '.join(self.fields)}."
            raise s.ValidationError({name[:100]: [fault] for name in unknown})
        return super().to_internal_value(data)


class RepositoryBody(Body):
    url = LinkField()
    type = TextField(max_length=20, required=False)
    directory = TextField(max_length=200, required=False, allow_null=True)


class MetadataBody(Body):
    """The editable fields; null gives a field back to the manifest."""

    displayName = TextField(max_length=200, required=False, allow_null=True)
    description = TextField(max_length=2000, required=False, allow_null=True)
    homepage = LinkField(required=False, allow_null=True)
    repository = RepositoryBody(required=False, allow_null=True)
    categories = s.ListField(
        child=TextField(validators=[_check_slug]), max_length=5, required=False, allow_null=True
    )
    tags = s.ListField(
        child=TextField(validators=[_check_slug]), max_length=20, required=False, allow_null=True
    )

    class Meta:
        ref_name = "Metadata"


class DeprecateBody(Body):
    message = TextField(max_length=500)
    replacement = TextField(max_length=130, required=False, allow_blank=True)


class YankBody(Body):
    reason = TextField(max_length=500, required=False, allow_blank=True)


class PublishForm(s.Serializer[Any]):
    package = s.FileField(help_text="The .tar.gz of the plugin's folder.")
    tag = s.CharField(required=False, max_length=64, help_text="Dist-tag; `latest` without.")
    changelog = s.CharField(required=False, help_text="What is new, for this release's page.")
