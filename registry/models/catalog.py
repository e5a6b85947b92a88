"""Scopes, plugins and their members, taxonomy, and dist-tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from common.bounded_fields import BoundedCharField, BoundedJSONField, BoundedTextField
from plugport.spec.archive.model import KIB

if TYPE_CHECKING:
    from plugport.spec.names import PluginName

NAME_CHARS = 130


class Trust(models.TextChoices):
    """Trust levels (TRUST-1), highest first. Only the registry sets them."""

    OFFICIAL = "official"
    VERIFIED = "verified"
    COMMUNITY = "community"
    EXPERIMENTAL = "experimental"
    UNTRUSTED = "untrusted"


class Visibility(models.TextChoices):
    """Who may see a plugin, widest first (`registry.queries.visible`).

    Internal: the members of the organization that owns the scope; in the scope of a person, all
    accounts with a verified address. Private: those who have a role.
    """

    PUBLIC = "public"
    INTERNAL = "internal"
    PRIVATE = "private"

    def is_wider_than(self, other: Visibility) -> bool:
        """Whether more people may see what has this visibility."""
        order = list(Visibility)
        return order.index(self) < order.index(other)


# Of these, others must not learn that they exist.
RESTRICTED = (Visibility.INTERNAL, Visibility.PRIVATE)


class Role(models.TextChoices):
    """What a member of a plugin may do.

    Publishers publish, maintainers also change metadata, owners also manage the members.
    """

    OWNER = "owner"
    MAINTAINER = "maintainer"
    PUBLISHER = "publisher"


class Scope(models.Model):
    """The `@name` before the slash; it belongs to a person or an organization (PKG-2).

    `collision_key` is the same for names that look alike, so that its unique constraint refuses a
    scope that readers could mistake for another. `visibility` is the widest that its plugins may
    have, and that of new ones.
    """

    name = BoundedCharField(max_length=64, unique=True)
    collision_key = BoundedCharField(max_length=64, unique=True)
    # PROTECT here and below: deleting an account must not delete what others depend on. Accounts
    # are deactivated instead.
    owner = models.ForeignKey("accounts.Owner", on_delete=models.PROTECT, related_name="scopes")
    visibility = BoundedCharField(
        max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"@{self.name}"

    @property
    def is_official(self) -> bool:
        """Whether the operator lists it in `OFFICIAL_SCOPES`."""
        return self.name in settings.OFFICIAL_SCOPES


class Category(models.Model):
    """A category that authors assign plugins to.

    `plugin_count` is the number of listed plugins. `registry.taxonomy` updates it in the
    transaction that lists, unlists or reassigns a plugin.
    """

    slug = BoundedCharField(max_length=60, unique=True)
    plugin_count = models.IntegerField(default=0)

    class Meta:
        verbose_name_plural = "categories"
        indexes = [models.Index(fields=["-plugin_count", "slug"], name="category_used")]

    def __str__(self) -> str:
        return self.slug


class Tag(models.Model):
    """A free keyword. `plugin_count` works as in `Category`."""

    slug = BoundedCharField(max_length=60, unique=True)
    plugin_count = models.IntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["-plugin_count", "slug"], name="tag_used")]

    def __str__(self) -> str:
        return self.slug


class Plugin(models.Model):
    """A plugin. Its descriptive columns repeat the manifest of the release `latest`.

    `latest` is the release of the dist-tag `latest`, None until one is published. `is_listed`
    says whether search and lists show the plugin to everybody; it is False for every plugin that is
    not public. `featured_at` is when a moderator put it on the
    front page, None if it is not there. `metadata` holds the author's edits over the manifest.

    `document` is the plugin's public JSON. `registry.publishing.refresh` writes it with every
    change, so that reading a plugin is one query. Counters (downloads, rating) change without such
    a change: they are columns and are added when the plugin is read.

    `trusted_publishing_only` refuses releases with tokens of people. `stages_trusted_releases` lets
    those of CI jobs wait for approval. `seeks_adoption`: its owners look for somebody who takes it over.
    """

    name = BoundedCharField(max_length=NAME_CHARS, unique=True)
    collision_key = BoundedCharField(max_length=NAME_CHARS, unique=True)
    scope = models.ForeignKey(Scope, null=True, on_delete=models.PROTECT, related_name="plugins")
    kind = BoundedCharField(max_length=30)
    dialect = BoundedCharField(max_length=30)
    display_name = BoundedCharField(max_length=200, blank=True)
    description = BoundedTextField(max_bytes=8_000, excess="400 above 2,000 characters", blank=True)
    author_name = BoundedCharField(max_length=200, blank=True)
    license = BoundedCharField(max_length=200, blank=True)
    trust = BoundedCharField(max_length=20, choices=Trust.choices, default=Trust.EXPERIMENTAL)
    visibility = BoundedCharField(
        max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    is_listed = models.BooleanField(default=False)
    featured_at = models.DateTimeField(null=True, blank=True)
    # Kept apart from the manifest's values, so that an author can restore those.
    metadata = BoundedJSONField(
        max_bytes=64 * KIB, excess="400 above the limit of each field", default=dict
    )
    document = BoundedJSONField(
        max_bytes=256 * KIB,
        excess="follows from the limits of the manifest, the edits and the dist-tags",
        default=dict,
    )
    latest = models.ForeignKey(
        "registry.Release", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    downloads = models.BigIntegerField(default=0)
    weekly_downloads = models.IntegerField(default=0)
    rating = models.FloatField(default=0)
    rating_count = models.IntegerField(default=0)
    trusted_publishing_only = models.BooleanField(default=False, editable=False)
    stages_trusted_releases = models.BooleanField(default=False, editable=False)
    seeks_adoption = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    categories = models.ManyToManyField(Category, related_name="plugins")
    tags = models.ManyToManyField(Tag, related_name="plugins")

    class Meta:
        indexes = [
            # One per order of the lists; `id` makes the order total, so that pages do not overlap.
            models.Index(fields=["is_listed", "-downloads", "id"], name="plugin_popular"),
            models.Index(fields=["is_listed", "-updated_at", "id"], name="plugin_recent"),
            models.Index(fields=["is_listed", "-rating", "id"], name="plugin_rated"),
            models.Index(fields=["is_listed", "name"], name="plugin_named"),
            # One column each. With `downloads` in them, every download would rewrite each index;
            # with `is_listed`, a planner could choose one of them for an ordered list.
            models.Index(fields=["kind"], name="plugin_kind"),
            models.Index(fields=["trust"], name="plugin_trust"),
            models.Index(fields=["license"], name="plugin_license"),
            models.Index(fields=["author_name"], name="plugin_author"),
            # Partial: only a few plugins are featured.
            models.Index(
                fields=["-featured_at"],
                condition=models.Q(featured_at__isnull=False),
                name="plugin_featured",
            ),
            # Partial: most plugins are public.
            models.Index(
                fields=["scope"],
                condition=models.Q(visibility__in=RESTRICTED),
                name="plugin_restricted",
            ),
        ]
        constraints = [
            # A name without a scope belongs to nobody else, so its absence could not be explained.
            models.CheckConstraint(
                condition=models.Q(visibility=Visibility.PUBLIC) | models.Q(scope__isnull=False),
                name="restricted_in_a_scope",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def parsed_name(self) -> PluginName:
        """The name as a `PluginName`."""
        from plugport.spec.names import PluginName

        return PluginName.parse(self.name)

    @property
    def is_restricted(self) -> bool:
        """Whether it is internal or private."""
        return self.visibility != Visibility.PUBLIC

    @property
    def path(self) -> str:
        """The path of its page."""
        return f"/plugins/{self.name}"


class Member(models.Model):
    """The role of a person or an organization in a plugin."""

    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="members")
    holder = models.ForeignKey(
        "accounts.Owner", on_delete=models.PROTECT, related_name="memberships"
    )
    role = BoundedCharField(max_length=12, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plugin", "holder"], name="one_role_a_holder"),
        ]

    def __str__(self) -> str:
        return f"{self.holder} {self.role} of {self.plugin}"


class Invitation(models.Model):
    """An offer of a role in a plugin. It has no effect until the invited person accepts it.

    It ends with its answer, at `expires_at`, and when its sender may no longer manage the members.
    Rows that have ended are deleted. Every change locks the row of the plugin first.
    """

    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="invitations")
    # CASCADE, unlike members: nothing depends on an offer.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="invitations"
    )
    role = BoundedCharField(max_length=12, choices=Role.choices)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plugin", "user"], name="one_invitation_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user} as {self.role} of {self.plugin}"


class DistTag(models.Model):
    """A name that points at a release and can move: `latest`, `beta`, and others."""

    plugin = models.ForeignKey(Plugin, on_delete=models.CASCADE, related_name="dist_tags")
    name = BoundedCharField(max_length=64)
    release = models.ForeignKey(
        "registry.Release", on_delete=models.CASCADE, related_name="dist_tags"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plugin", "name"], name="one_release_a_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.plugin}@{self.name}"
