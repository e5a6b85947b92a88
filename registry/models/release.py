"""Releases: immutable versions of a plugin, their contents, artifacts and check results."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from plugport.spec.digest import Digest
from registry.models.catalog import NAME_CHARS, Plugin, Trust
from registry.models.states import ReleaseState


class Release(models.Model):
    """One version of a plugin. Only `registry.publishing.transition` changes `state`.

    `precedence` is the version without its build metadata. It must be unique because semver gives
    `1.0.0+a` and `1.0.0+b` the same precedence (SemVer 2.0.0, item 10). Rejected releases are
    exempt: they are kept as evidence, and the author can fix the problem and publish the same
    version again. `sort_key` orders by semver when compared as bytes, whatever the database's
    collation.
    """

    # Identifies the upload in URLs before the release is public: unlike the primary key, it cannot
    # be guessed.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="releases")
    version = models.CharField(max_length=256)
    precedence = models.CharField(max_length=256)
    # Binary, because text would be ordered by the collation of the database.
    sort_key = models.BinaryField(max_length=1024)
    is_prerelease = models.BooleanField(default=False)
    state = models.CharField(
        max_length=12, choices=ReleaseState.choices, default=ReleaseState.CHECKING
    )
    # The dist-tag requested by the publisher; it is applied when the release becomes public.
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
            # Decides every race of two uploads of one version.
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
        """Whether it may be downloaded."""
        return self.state == ReleaseState.PUBLISHED

    @property
    def is_blocked(self) -> bool:
        """Whether it was public and a moderator has blocked it: quarantined or revoked."""
        return self.state in (ReleaseState.QUARANTINED, ReleaseState.REVOKED)


class ReleaseContents(models.Model):
    """The texts of a release, in a table of their own so that lists of releases stay small.

    `files` is a list of `{path, size, sha256, executable}`. `manifest` is the normalized form,
    `manifest_text` the file as sent. `licences` maps paths of license files to their texts.
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
    """A stored file of a release, identified by its digest.

    While `quarantine_key` is set, the object is stored under that key. Afterwards it is stored
    under its digest (`registry.storage.keys`), or deleted if the release was rejected.
    """

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="artifacts")
    role = models.CharField(max_length=20, default="package")
    # Not unique: a rejected release and the one published later may have the same bytes.
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
        """The SHA-256 digest, under which the object is stored."""
        return Digest("sha256", self.sha256)

    @property
    def integrity(self) -> str:
        """The SHA-512 digest in the notation of Subresource Integrity (`sha512-…`)."""
        return Digest("sha512", self.sha512).sri


class Dependency(models.Model):
    """A dependency of a release on another plugin.

    Dependencies on packages of a language are in the manifest only: nothing here is queried by
    them.
    """

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
    """The state of a check. `errored`: the check itself failed or timed out."""

    QUEUED = "queued"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"


class CheckRun(models.Model):
    """One check of one release: its state, findings and duration."""

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
        # The order in which they are created is the order in which they run.
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name} of {self.release_id}: {self.state}"
