"""One immutable version of a plugin, what is in it, and what its checks said."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from plugport.spec.digest import Digest
from registry.models.catalogue import NAME_CHARS, Plugin, Trust
from registry.publishing.states import ReleaseState


class Release(models.Model):
    """One version. `state` changes through `registry.publishing.states` only.

    `precedence` is the version without its build part, which is what must be unique: semver
    gives `1.0.0+a` and `1.0.0+b` the same place. Rejected attempts are kept beside it as
    evidence, so an author can mend and send the same version again. `sort_key` orders by semver
    when compared as bytes, on every database.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="releases")
    version = models.CharField(max_length=256)
    precedence = models.CharField(max_length=256)
    sort_key = models.BinaryField(max_length=1024)
    is_prerelease = models.BooleanField(default=False)
    state = models.CharField(
        max_length=12, choices=ReleaseState.choices, default=ReleaseState.CHECKING
    )
    tag = models.CharField(max_length=64, blank=True)
    trust = models.CharField(max_length=20, choices=Trust.choices, default=Trust.EXPERIMENTAL)
    verdict_reason = models.CharField(max_length=500, blank=True)
    deprecated_at = models.DateTimeField(null=True, blank=True)
    deprecated_message = models.CharField(max_length=500, blank=True)
    replacement = models.CharField(max_length=NAME_CHARS, blank=True)
    yanked_at = models.DateTimeField(null=True, blank=True)
    yanked_reason = models.CharField(max_length=500, blank=True)
    unpacked_bytes = models.BigIntegerField(default=0)
    downloads = models.BigIntegerField(default=0)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="releases"
    )
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plugin", "precedence"],
                condition=~Q(state=ReleaseState.REJECTED),
                name="a_version_once",
            ),
        ]
        indexes = [
            models.Index(fields=["plugin", "state"], name="release_states"),
            models.Index(fields=["state", "created_at"], name="release_queue"),
        ]

    def __str__(self) -> str:
        return f"{self.plugin.name}@{self.version}"

    @property
    def is_served(self) -> bool:
        """Whether its bytes may be downloaded."""
        return self.state == ReleaseState.PUBLISHED


class ReleaseContents(models.Model):
    """What a release holds, beside its bytes: kept apart so that lists of releases stay light.

    `files` is a list of `{path, size, sha256, executable}`; `manifest` the normalised form,
    `manifest_text` the file as sent; `licences` maps a path to its text.
    """

    release = models.OneToOneField(Release, on_delete=models.CASCADE, related_name="contents")
    manifest = models.JSONField(default=dict)
    manifest_path = models.CharField(max_length=200)
    manifest_text = models.TextField()
    warnings = models.JSONField(default=list)
    files = models.JSONField(default=list)
    readme_path = models.CharField(max_length=512, blank=True)
    readme = models.TextField(blank=True)
    changelog = models.TextField(blank=True)
    changelog_entry = models.TextField(blank=True)
    licences = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"contents of {self.release_id}"


class Artifact(models.Model):
    """A stored file of a release, named by its digest.

    While `quarantine_key` is set the object waits there; afterwards it lies under its digest
    (`registry.storage.keys`), or is gone if the release was rejected.
    """

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="artifacts")
    role = models.CharField(max_length=20, default="package")
    sha256 = models.CharField(max_length=64, db_index=True)
    sha512 = models.CharField(max_length=128)
    size_bytes = models.BigIntegerField()
    quarantine_key = models.CharField(max_length=200, blank=True, db_index=True)
    promoted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "role"], name="one_artifact_a_role"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.sha256[:12]}"

    @property
    def digest(self) -> Digest:
        """The SHA-256 that names the stored object."""
        return Digest("sha256", self.sha256)

    @property
    def integrity(self) -> str:
        """The SHA-512 as Subresource Integrity text."""
        return Digest("sha512", self.sha512).sri


class Dependency(models.Model):
    """A release needs another plugin. Language packages stay in the manifest."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="dependencies")
    name = models.CharField(max_length=NAME_CHARS, db_index=True)
    range = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "name"], name="a_dependency_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.range}"


class CheckState(models.TextChoices):
    """Where a check of a release stands. `errored`: the check itself broke or ran out of time."""

    QUEUED = "queued"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"


class CheckRun(models.Model):
    """One check of one release: its verdict, evidence and duration."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="checks")
    name = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=CheckState.choices, default=CheckState.QUEUED)
    findings = models.JSONField(default=list)
    duration_ms = models.IntegerField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "name"], name="a_check_once"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} of {self.release_id}: {self.state}"
