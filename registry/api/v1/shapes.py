"""The shapes of the API's answers, for its OpenAPI document.

Answers are built by `registry.documents`, not by serializers: these classes describe them, and
the fuzzing of the document against the server keeps the two together.
"""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers as s

from registry.models import CheckState, Trust
from registry.publishing.states import ReleaseState

_POLICIES = ["auto", "notice", "ask", "block"]


class FieldFault(s.Serializer[Any]):
    field = s.CharField(help_text="Dotted path of the field; empty for the whole document.")
    detail = s.CharField()
    code = s.CharField()
    file = s.CharField(required=False)
    line = s.IntegerField(required=False)
    found = s.CharField(required=False)
    allowed = s.CharField(required=False)


class Problem(s.Serializer[Any]):
    """RFC 9457."""

    type = s.CharField(help_text="Leads to the code's entry in the documentation.")
    title = s.CharField()
    status = s.IntegerField()
    code = s.CharField(help_text="Stable name of the fault.")
    detail = s.CharField()
    hint = s.CharField(required=False)
    errors = FieldFault(many=True, required=False)  # type: ignore[assignment]  # RFC 9457 has the name


class Author(s.Serializer[Any]):
    name = s.CharField()
    url = s.CharField(allow_null=True)


class Repository(s.Serializer[Any]):
    type = s.CharField(required=False)
    url = s.CharField()
    directory = s.CharField(required=False, allow_null=True)


class Deprecation(s.Serializer[Any]):
    message = s.CharField()
    replacement = s.CharField(allow_null=True)
    at = s.CharField(allow_null=True)


class Yank(s.Serializer[Any]):
    reason = s.CharField()
    at = s.CharField()


class PluginShape(s.Serializer[Any]):
    name = s.CharField()
    displayName = s.CharField()
    description = s.CharField()
    type = s.CharField(help_text="The plugin's kind.")
    author = Author(allow_null=True)
    owners = s.ListField(child=s.CharField())
    repository = Repository(allow_null=True)
    homepage = s.CharField(allow_null=True)
    license = s.CharField(allow_null=True)
    categories = s.ListField(child=s.CharField())
    tags = s.ListField(child=s.CharField())
    dialect = s.CharField()
    downloads = s.IntegerField()
    weeklyDownloads = s.IntegerField()
    rating = s.FloatField()
    ratingCount = s.IntegerField()
    latestVersion = s.CharField(allow_null=True)
    distTags = s.DictField(child=s.CharField())
    trust = s.ChoiceField(choices=Trust.choices)
    trustScore = s.IntegerField(allow_null=True)
    verified = s.BooleanField()
    official = s.BooleanField()
    deprecated = Deprecation(allow_null=True)
    registry = s.CharField()
    createdAt = s.CharField()
    updatedAt = s.CharField()

    class Meta:
        ref_name = "Plugin"


class PaginationShape(s.Serializer[Any]):
    total = s.IntegerField()
    pages = s.IntegerField()
    current = s.IntegerField()
    hasMore = s.BooleanField()

    class Meta:
        ref_name = "Pagination"


class PluginList(s.Serializer[Any]):
    plugins = PluginShape(many=True)
    pagination = PaginationShape()


class TopList(s.Serializer[Any]):
    plugins = PluginShape(many=True)


class DependenciesShape(s.Serializer[Any]):
    plugins = s.DictField(child=s.CharField())
    packages = s.DictField(child=s.CharField())
    peer = s.DictField(child=s.CharField())

    class Meta:
        ref_name = "Dependencies"


@extend_schema_field({"type": "object", "additionalProperties": True})
class AnyObject(s.JSONField):
    """A JSON object whose members depend on the manifest."""


class FindingShape(s.Serializer[Any]):
    rule = s.CharField()
    severity = s.ChoiceField(choices=["note", "warning", "error"])
    message = s.CharField()
    hint = s.CharField(required=False)
    path = s.CharField(required=False)
    line = s.IntegerField(required=False)

    class Meta:
        ref_name = "Finding"


class CheckShape(s.Serializer[Any]):
    name = s.CharField()
    title = s.CharField()
    state = s.ChoiceField(choices=CheckState.choices)
    durationMs = s.IntegerField(allow_null=True)
    findings = FindingShape(many=True)

    class Meta:
        ref_name = "Check"


class ReleaseSummary(s.Serializer[Any]):
    name = s.CharField()
    version = s.CharField()
    state = s.ChoiceField(choices=ReleaseState.choices)
    stateReason = s.CharField(allow_null=True)
    description = s.CharField(help_text="The changelog entry sent with the release.")
    deprecated = Deprecation(allow_null=True)
    yanked = Yank(allow_null=True)
    prerelease = s.BooleanField()
    dependencies = DependenciesShape()
    engine = s.DictField(child=s.CharField())
    framework = s.CharField(allow_null=True)
    permissions = AnyObject()
    packageUrl = s.CharField()
    integrity = s.CharField(help_text="SHA-512 of the package as Subresource Integrity.")
    checksum = s.CharField(help_text="SHA-256 of the package in hex.")
    size = s.IntegerField(help_text="Bytes of the package.")
    unpackedSize = s.IntegerField(help_text="Bytes of its files.")
    downloads = s.IntegerField()
    trust = s.ChoiceField(choices=Trust.choices)
    installPolicy = s.ChoiceField(choices=_POLICIES)
    publishedBy = s.CharField()
    createdAt = s.CharField()
    publishedAt = s.CharField(allow_null=True)


class FileShape(s.Serializer[Any]):
    path = s.CharField()
    size = s.IntegerField()
    sha256 = s.CharField()
    executable = s.BooleanField()

    class Meta:
        ref_name = "File"


class ReleaseShape(ReleaseSummary):
    type = s.CharField()
    dialect = s.CharField()
    manifestPath = s.CharField()
    manifest = AnyObject()
    warnings = s.ListField(child=AnyObject())
    files = FileShape(many=True)
    readme = s.CharField()
    licenceFiles = s.ListField(child=s.CharField())
    provenance = AnyObject(allow_null=True)
    checks = CheckShape(many=True)

    class Meta:
        ref_name = "Release"


class PublishedRelease(ReleaseShape):
    statusUrl = s.CharField()

    class Meta:
        ref_name = "PublishedRelease"


class VersionList(s.Serializer[Any]):
    name = s.CharField()
    distTags = s.DictField(child=s.CharField())
    versions = ReleaseSummary(many=True)


class PublicationShape(s.Serializer[Any]):
    id = s.CharField()
    name = s.CharField()
    version = s.CharField()
    state = s.ChoiceField(choices=ReleaseState.choices)
    tag = s.CharField(allow_null=True)
    verdict = s.CharField(allow_null=True, help_text="Why it was decided so.")
    checks = CheckShape(many=True)
    pageUrl = s.CharField()
    releaseUrl = s.CharField()
    createdAt = s.CharField()
    finishedAt = s.CharField(allow_null=True)

    class Meta:
        ref_name = "Publication"


_CHANGES = ["added", "removed", "changed", "renamed"]


class PermissionsShape(s.Serializer[Any]):
    filesystem = s.ListField(child=s.CharField(), required=False)
    network = s.ListField(child=s.CharField(), required=False)
    exec = s.ListField(child=s.CharField(), required=False)
    env = s.ListField(child=s.CharField(), required=False)
    components = s.ListField(child=s.CharField(), required=False)

    class Meta:
        ref_name = "Permissions"


class PermissionChangeShape(s.Serializer[Any]):
    gained = PermissionsShape(help_text="What no entry of the other release covers.")
    lost = PermissionsShape()

    class Meta:
        ref_name = "PermissionChange"


class CapabilityChangeShape(s.Serializer[Any]):
    gained = s.DictField(child=s.ListField(child=s.CharField()))
    lost = s.DictField(child=s.ListField(child=s.CharField()))

    class Meta:
        ref_name = "CapabilityChange"


@extend_schema_field({"description": "Any JSON value; null where there is none."})
class AnyValue(s.JSONField):
    """A value of a manifest."""


class FieldChangeShape(s.Serializer[Any]):
    field = s.CharField(help_text="Dotted path in the manifest.")
    change = s.ChoiceField(choices=_CHANGES)
    before = AnyValue()
    after = AnyValue()

    class Meta:
        ref_name = "FieldChange"


class DependencyChangeShape(s.Serializer[Any]):
    group = s.ChoiceField(choices=["plugins", "packages", "peer"])
    name = s.CharField()
    change = s.ChoiceField(choices=_CHANGES)
    before = s.CharField(allow_null=True)
    after = s.CharField(allow_null=True)

    class Meta:
        ref_name = "DependencyChange"


class FileSideShape(s.Serializer[Any]):
    size = s.IntegerField()
    sha256 = s.CharField()
    executable = s.BooleanField()

    class Meta:
        ref_name = "FileSide"


class FileChangeShape(s.Serializer[Any]):
    path = s.CharField()
    change = s.ChoiceField(choices=_CHANGES)
    before = FileSideShape(allow_null=True)
    after = FileSideShape(allow_null=True)

    def get_fields(self) -> Any:
        """`from` is a word of Python."""
        return {**super().get_fields(), "from": s.CharField(allow_null=True)}

    class Meta:
        ref_name = "FileChange"


class DiffShape(s.Serializer[Any]):
    name = s.CharField()
    fromState = s.ChoiceField(choices=ReleaseState.choices, allow_null=True)
    to = s.CharField()
    toState = s.ChoiceField(choices=ReleaseState.choices)
    permissions = PermissionChangeShape()
    capabilities = CapabilityChangeShape()
    manifest = FieldChangeShape(many=True)
    dependencies = DependencyChangeShape(many=True)
    files = FileChangeShape(many=True)
    counts = s.DictField(child=s.IntegerField(), help_text="Files by change.")

    def get_fields(self) -> Any:
        """`from` is a word of Python."""
        return {**super().get_fields(), "from": s.CharField(allow_null=True)}

    class Meta:
        ref_name = "Diff"


class Heading(s.Serializer[Any]):
    name = s.CharField()
    count = s.IntegerField()


class CategoryList(s.Serializer[Any]):
    categories = Heading(many=True)


class TagList(s.Serializer[Any]):
    tags = Heading(many=True)


class DayCount(s.Serializer[Any]):
    date = s.CharField()
    downloads = s.IntegerField()


class StatsShape(s.Serializer[Any]):
    name = s.CharField()
    downloads = s.IntegerField()
    weeklyDownloads = s.IntegerField()
    days = DayCount(many=True)
    versions = s.DictField(child=s.IntegerField())

    class Meta:
        ref_name = "Stats"


class TokenShape(s.Serializer[Any]):
    start = s.CharField()
    name = s.CharField()
    scopes = s.ListField(child=s.CharField())
    limit = s.CharField(allow_null=True)
    expiresAt = s.CharField(allow_null=True)

    class Meta:
        ref_name = "Token"


class MeShape(s.Serializer[Any]):
    username = s.CharField()
    isModerator = s.BooleanField()
    token = TokenShape()
    scopes = s.ListField(child=s.CharField(), help_text="Plugin scopes the account owns.")

    class Meta:
        ref_name = "Me"
