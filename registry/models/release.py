"""Releases: immutable versions of a plugin, their contents, artifacts and check results."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.trusted_publishing.providers import PROVIDERS
from common.bounded_fields import (
    BoundedBinaryField,
    BoundedCharField,
    BoundedJSONField,
    BoundedTextField,
)
from plugport.spec.archive.model import KIB, MIB
from plugport.spec.digest import Digest
from plugport.spec.manifest.document import MAX_DOCUMENT_BYTES, MAX_MANIFEST_JSON_BYTES
from registry.models.catalog import NAME_CHARS, Plugin, Trust
from registry.models.states import ReleaseState
from registry.package_limits import CHANGELOG_CHARS

# The files have at most 1 MiB; an invalid byte becomes U+FFFD, which has three.
_SHOWN_BYTES = 3 * MIB
_NOT_SHOWN = "the text is not shown; the finding `text-too-large` says so"


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
    version = BoundedCharField(max_length=256)
    precedence = BoundedCharField(max_length=256)
    # Binary, because text would be ordered by the collation of the database.
    sort_key = BoundedBinaryField(max_length=1024)
    is_prerelease = models.BooleanField(default=False)
    state = BoundedCharField(
        max_length=12, choices=ReleaseState.choices, default=ReleaseState.CHECKING
    )
    # The dist-tag requested by the publisher; it is applied when the release becomes public.
    tag = BoundedCharField(max_length=64, blank=True)
    trust = BoundedCharField(max_length=20, choices=Trust.choices, default=Trust.EXPERIMENTAL)
    verdict_reason = BoundedCharField(max_length=500, blank=True)
    deprecated_at = models.DateTimeField(null=True, blank=True)
    deprecated_message = BoundedCharField(max_length=500, blank=True)
    replacement = BoundedCharField(max_length=NAME_CHARS, blank=True)
    yanked_at = models.DateTimeField(null=True, blank=True)
    yanked_reason = BoundedCharField(max_length=500, blank=True)
    unpacked_bytes = models.BigIntegerField(default=0)
    downloads = models.BigIntegerField(default=0)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="releases"
    )
    # The owner that stood for the plugin when the release became public; empty before that.
    publisher = models.ForeignKey(
        "accounts.Owner",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # The CI job that sent it, as its identity token says; empty for releases of people.
    publisher_run = BoundedJSONField(
        max_bytes=8 * KIB, excess="each fact is cut to 500 characters", default=dict, blank=True
    )
    # It becomes public when a person approves it, and not when its checks have passed.
    needs_approval = models.BooleanField(default=False, editable=False)
    staged_at = models.DateTimeField(null=True, blank=True, editable=False)
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
    def publisher_label(self) -> str:
        """The CI system whose job has sent it; nothing for a release of a person, or a blocked one."""
        provider = PROVIDERS.get(self.publisher_run.get("provider", ""))
        return provider.label if provider is not None and not self.is_blocked else ""

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
    manifest = BoundedJSONField(
        max_bytes=MAX_MANIFEST_JSON_BYTES, excess="400 `invalid-manifest`", default=dict
    )
    manifest_path = BoundedCharField(max_length=200)
    manifest_text = BoundedTextField(
        max_bytes=MAX_DOCUMENT_BYTES, excess="400 `archive-manifest-too-large`"
    )
    warnings = BoundedJSONField(
        max_bytes=512 * KIB,
        excess="100 warnings of up to 1,000 characters; a last one counts the others",
        default=list,
    )
    files = BoundedJSONField(
        max_bytes=8 * MIB, excess="400 above the limits of files and paths", default=list
    )
    readme_path = BoundedCharField(max_length=512, blank=True)
    readme = BoundedTextField(max_bytes=_SHOWN_BYTES, excess=_NOT_SHOWN, blank=True)
    changelog = BoundedTextField(max_bytes=_SHOWN_BYTES, excess=_NOT_SHOWN, blank=True)
    changelog_entry = BoundedTextField(
        max_bytes=4 * CHANGELOG_CHARS,
        excess="400 above 65,536 characters; a section of the changelog is cut and ends with `…`",
        blank=True,
    )
    licences = BoundedJSONField(
        max_bytes=6 * MIB,
        excess="the texts of license files above 1 MB together are left out, their names are kept",
        default=dict,
    )

    def __str__(self) -> str:
        return f"contents of {self.release_id}"


class Artifact(models.Model):
    """A stored file of a release, identified by its digest.

    While `quarantine_key` is set, the object is stored under that key. Afterwards it is stored
    under its digest (`registry.storage.keys`), or deleted if the release was rejected.
    """

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="artifacts")
    role = BoundedCharField(max_length=20, default="package")
    # Not unique: a rejected release and the one published later may have the same bytes.
    sha256 = BoundedCharField(max_length=64, db_index=True)
    sha512 = BoundedCharField(max_length=128)
    size_bytes = models.BigIntegerField()
    quarantine_key = BoundedCharField(max_length=200, blank=True, db_index=True)
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
    name = BoundedCharField(max_length=NAME_CHARS, db_index=True)
    range = BoundedCharField(max_length=500)

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
    name = BoundedCharField(max_length=40)
    state = BoundedCharField(max_length=8, choices=CheckState.choices, default=CheckState.QUEUED)
    findings = BoundedJSONField(
        max_bytes=2 * MIB,
        excess="100 findings of up to 1,000 characters of text; a last one counts the others",
        default=list,
    )
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
