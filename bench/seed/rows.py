"""Write generated plugins in batches: the same rows as publishing creates, and the packages.

The documents come from the builder that publishing uses.
"""

from __future__ import annotations

import hashlib
import random
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction

from accounts.models import Owner, User
from bench.seed.generator import Author, GeneratedPlugin
from bench.seed.insert import allocate_ids, insert_rows, reset_id_sequences
from bench.seed.packages import GeneratedPackage, build_package
from common.times import format_time
from plugport.spec.digest import Digest
from plugport.spec.names import PluginName
from registry.journal import append_entries
from registry.models import (
    Artifact,
    Category,
    Dependency,
    DistTag,
    Member,
    Plugin,
    Release,
    ReleaseContents,
    Role,
    Scope,
    Tag,
)
from registry.models.states import ReleaseState
from registry.publishing.dist_tags import LATEST
from registry.publishing.refresh import normalize_slugs, set_manifest_columns
from registry.representations.plugins import build_plugin_document
from registry.storage.keys import build_package_key
from registry.taxonomy import add_plugin_counts

REASON = "Invented by make_catalogue; no check has looked at it."


@dataclass(frozen=True, slots=True)
class SeedContext:
    """Stored rows that others refer to: accounts and scopes by name, categories and tags by slug."""

    owners: Mapping[str, Owner]
    scopes: Mapping[str, Scope]
    categories: Mapping[str, int]
    tags: Mapping[str, int]


def create_seed_context(
    authors: Iterable[Author], categories: Iterable[str], tags: Iterable[str]
) -> SeedContext:
    """Create the accounts, which have no password, their scopes, and the categories and tags."""
    names = [author.username for author in authors]
    keys = {name: PluginName(None, name).collision_key for name in names}
    users = [
        User(username=name, email=f"{name}@example.test", collision_key=keys[name])
        for name in names
    ]
    for user in users:
        user.set_unusable_password()
    User.objects.bulk_create(users)
    owners = [
        Owner(kind=Owner.Kind.PERSON, name=u.username, collision_key=keys[u.username], user=u)
        for u in users
    ]
    Owner.objects.bulk_create(owners)
    scopes = [Scope(name=o.name, owner=o, collision_key=o.collision_key) for o in owners]
    Scope.objects.bulk_create(scopes)
    return SeedContext(
        {owner.name: owner for owner in owners},
        {scope.name: scope for scope in scopes},
        _create_terms(Category, categories),
        _create_terms(Tag, tags),
    )


def _create_terms(model: type[Category | Tag], slugs: Iterable[str]) -> dict[str, int]:
    rows: Any = model.objects
    rows.bulk_create([model(slug=slug) for slug in slugs], ignore_conflicts=True)
    return dict(rows.values_list("slug", "pk"))


@dataclass(frozen=True, slots=True)
class _PluginRecord:
    """One plugin to store; its instances are not saved."""

    generated: GeneratedPlugin
    package: GeneratedPackage
    manifest: dict[str, Any]
    plugin: Plugin
    release: Release
    sha256: Digest
    sha512: Digest


def store_plugins(batch: Sequence[GeneratedPlugin], context: SeedContext, *, seed: int) -> None:
    """Store the packages, then every row of the batch in one transaction."""
    lines = [_build_record(generated, context, seed) for generated in batch]
    # As in publishing: objects are stored before the commit makes the rows visible.
    for line in lines:
        _store_package(line)
    with transaction.atomic():
        plugin_ids, release_ids = (
            allocate_ids(Plugin, len(lines)),
            allocate_ids(Release, len(lines)),
        )
        for line, plugin_id, release_id in zip(lines, plugin_ids, release_ids, strict=True):
            line.plugin.pk, line.release.pk = plugin_id, release_id
        insert_rows(Plugin, [_build_plugin_row(line) for line in lines])
        insert_rows(Release, [_build_release_row(line) for line in lines])
        _insert_release_details(lines)
        _insert_plugin_details(lines, context)
        reset_id_sequences(Plugin, Release)
        append_entries([_build_journal_entry(line) for line in lines])


def _build_record(generated: GeneratedPlugin, context: SeedContext, seed: int) -> _PluginRecord:
    package = build_package(generated)
    manifest = generated.manifest.as_dict()
    name, version = generated.manifest.name, generated.manifest.version
    rng = random.Random(f"{seed} {name}")
    plugin = Plugin(
        name=str(name),
        scope=context.scopes[name.scope] if name.scope else None,
        trust=generated.trust,
        created_at=generated.created_at,
        updated_at=generated.updated_at,
    )
    set_manifest_columns(plugin, manifest)
    release = Release(
        public_id=uuid.UUID(int=rng.getrandbits(128), version=4),
        version=str(version),
        published_by=context.owners[generated.owner.username].user,
    )
    plugin.document = build_plugin_document(
        plugin,
        release,
        manifest,
        ownership={
            "owners": [generated.owner.username],
            "publisher": {
                "name": generated.owner.username,
                "kind": "person",
                "since": format_time(generated.created_at),
            },
            "transfers": [],
            "pendingTransfer": None,
            "seeksAdoption": False,
        },
        dist_tags={LATEST: release.version},
    )
    sha256 = Digest("sha256", hashlib.sha256(package.body).hexdigest())
    sha512 = Digest("sha512", hashlib.sha512(package.body).hexdigest())
    return _PluginRecord(generated, package, manifest, plugin, release, sha256, sha512)


def _store_package(line: _PluginRecord) -> None:
    """Store a package without fsync: a catalog lost in a power failure is generated again."""
    storages["packages"].save(build_package_key(line.sha256), ContentFile(line.package.body))


def _build_plugin_row(line: _PluginRecord) -> dict[str, Any]:
    plugin, generated = line.plugin, line.generated
    return {
        "id": plugin.pk,
        "name": plugin.name,
        "collision_key": generated.manifest.name.collision_key,
        "scope_id": plugin.scope_id,
        "kind": plugin.kind,
        "dialect": plugin.dialect,
        "display_name": plugin.display_name,
        "description": plugin.description,
        "author_name": plugin.author_name,
        "license": plugin.license,
        "trust": generated.trust,
        "is_listed": True,
        "document": plugin.document,
        "latest_id": line.release.pk,
        "downloads": generated.downloads,
        "rating": generated.rating,
        "rating_count": generated.rating_count,
        "created_at": generated.created_at,
        "updated_at": generated.updated_at,
    }


def _build_release_row(line: _PluginRecord) -> dict[str, Any]:
    release, generated = line.release, line.generated
    version = generated.manifest.version
    return {
        "id": release.pk,
        "public_id": release.public_id,
        "plugin_id": line.plugin.pk,
        "version": release.version,
        "precedence": version.precedence_text,
        "sort_key": version.sort_key.encode("ascii"),
        "is_prerelease": version.is_prerelease,
        "state": ReleaseState.PUBLISHED.value,
        "trust": generated.trust,
        "verdict_reason": REASON,
        "unpacked_bytes": line.package.unpacked_bytes,
        "downloads": generated.downloads,
        "published_by_id": release.published_by_id,
        "created_at": generated.updated_at,
        "published_at": generated.updated_at,
    }


def _insert_release_details(lines: Sequence[_PluginRecord]) -> None:
    contents = [
        {
            "release_id": line.release.pk,
            "manifest": line.manifest,
            "manifest_path": line.package.manifest_path,
            "manifest_text": line.package.manifest_text,
            "files": line.package.files,
            "readme_path": "README.md",
            "readme": line.package.readme,
        }
        for line in lines
    ]
    artifacts = [
        {
            "release_id": line.release.pk,
            "sha256": line.sha256.hex,
            "sha512": line.sha512.hex,
            "size_bytes": len(line.package.body),
            "promoted_at": line.generated.updated_at,
        }
        for line in lines
    ]
    dependencies = [
        {"release_id": line.release.pk, "name": name, "range": version_range}
        for line in lines
        for name, version_range in line.generated.manifest.dependencies.plugins.items()
    ]
    insert_rows(ReleaseContents, contents)
    insert_rows(Artifact, artifacts)
    insert_rows(Dependency, dependencies)


def _insert_plugin_details(lines: Sequence[_PluginRecord], context: SeedContext) -> None:
    tags = [
        {"plugin_id": line.plugin.pk, "name": LATEST, "release_id": line.release.pk}
        for line in lines
    ]
    members = [
        {
            "plugin_id": line.plugin.pk,
            "holder_id": context.owners[line.generated.owner.username].pk,
            "role": Role.OWNER.value,
            "created_at": line.generated.created_at,
        }
        for line in lines
    ]
    insert_rows(DistTag, tags)
    insert_rows(Member, members)
    taxonomy = (
        (Category, Plugin.categories.through, "category_id", "categories", context.categories),
        (Tag, Plugin.tags.through, "tag_id", "tags", context.tags),
    )
    for model, through, column, field, ids in taxonomy:
        links = [
            {"plugin_id": line.plugin.pk, column: ids[slug]}
            for line in lines
            for slug in normalize_slugs(getattr(line.generated.manifest, field))
        ]
        insert_rows(through, links)
        add_plugin_counts(model, Counter(link[column] for link in links))


def _build_journal_entry(line: _PluginRecord) -> dict[str, Any]:
    return {
        "event": "release.published",
        "plugin": line.plugin.name,
        "version": line.release.version,
        "data": {
            "sha256": line.sha256.hex,
            "integrity": line.sha512.sri,
            "size": len(line.package.body),
        },
    }
