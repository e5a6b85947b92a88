"""Writing invented plugins in batches: the rows that publishing would have left, and the packages.

The documents come from the builder that every other change uses.
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

from accounts.models import User
from plugport.spec.digest import Digest
from plugport.spec.names import PluginName
from registry.documents import build_plugin_document, copy_columns, cut_slugs
from registry.headings import add_plugins
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
from registry.publishing.states import ReleaseState
from registry.publishing.tags import LATEST
from registry.storage.keys import make_package_key
from registry.synthetic.insert import give_ids, insert_rows, skip_given_ids
from registry.synthetic.invent import Author, InventedPlugin
from registry.synthetic.packages import InventedPackage, make_package

REASON = "Invented by make_catalogue; no check has looked at it."


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows refer to: accounts and scopes by name, headings by slug, all stored."""

    users: Mapping[str, User]
    scopes: Mapping[str, Scope]
    categories: Mapping[str, int]
    tags: Mapping[str, int]


def prepare_surroundings(
    authors: Iterable[Author], categories: Iterable[str], tags: Iterable[str]
) -> Surroundings:
    """Make the accounts (nobody can sign in to them), their scopes, and the headings."""
    names = [author.username for author in authors]
    keys = {name: PluginName(None, name).collision_key for name in names}
    users = [
        User(username=name, email=f"{name}@example.test", collision_key=keys[name])
        for name in names
    ]
    for user in users:
        user.set_unusable_password()
    User.objects.bulk_create(users)
    scopes = [Scope(name=u.username, owner=u, collision_key=keys[u.username]) for u in users]
    Scope.objects.bulk_create(scopes)
    return Surroundings(
        {user.username: user for user in users},
        {scope.name: scope for scope in scopes},
        _make_headings(Category, categories),
        _make_headings(Tag, tags),
    )


def _make_headings(model: type[Category | Tag], slugs: Iterable[str]) -> dict[str, int]:
    rows: Any = model.objects
    rows.bulk_create([model(slug=slug) for slug in slugs], ignore_conflicts=True)
    return dict(rows.values_list("slug", "pk"))


@dataclass(frozen=True, slots=True)
class _Line:
    """One plugin on its way into the tables; its instances are not saved."""

    invented: InventedPlugin
    package: InventedPackage
    manifest: dict[str, Any]
    plugin: Plugin
    release: Release
    sha256: Digest
    sha512: Digest


def store_plugins(batch: Sequence[InventedPlugin], around: Surroundings, *, seed: int) -> None:
    """Store the packages, then every row of the batch in one transaction."""
    lines = [_make_line(invented, around, seed) for invented in batch]
    # As publishing does: the objects are there before anybody can see the rows.
    for line in lines:
        _store_package(line)
    with transaction.atomic():
        plugin_ids, release_ids = give_ids(Plugin, len(lines)), give_ids(Release, len(lines))
        for line, plugin_id, release_id in zip(lines, plugin_ids, release_ids, strict=True):
            line.plugin.pk, line.release.pk = plugin_id, release_id
        insert_rows(Plugin, [_describe_plugin(line) for line in lines])
        insert_rows(Release, [_describe_release(line) for line in lines])
        _insert_beside_release(lines)
        _insert_beside_plugin(lines, around)
        skip_given_ids(Plugin, Release)
        append_entries([_make_journal_entry(line) for line in lines])


def _make_line(invented: InventedPlugin, around: Surroundings, seed: int) -> _Line:
    package = make_package(invented)
    manifest = invented.manifest.as_dict()
    name, version = invented.manifest.name, invented.manifest.version
    rng = random.Random(f"{seed} {name}")  # noqa: S311 -- a public id, the same each time
    plugin = Plugin(
        name=str(name),
        scope=around.scopes[name.scope] if name.scope else None,
        trust=invented.trust,
        created_at=invented.created_at,
        updated_at=invented.updated_at,
    )
    copy_columns(plugin, manifest)
    release = Release(
        public_id=uuid.UUID(int=rng.getrandbits(128), version=4),
        version=str(version),
        published_by=around.users[invented.owner.username],
    )
    plugin.document = build_plugin_document(
        plugin,
        release,
        manifest,
        owners=[invented.owner.username],
        dist_tags={LATEST: release.version},
    )
    sha256 = Digest("sha256", hashlib.sha256(package.body).hexdigest())
    sha512 = Digest("sha512", hashlib.sha512(package.body).hexdigest())
    return _Line(invented, package, manifest, plugin, release, sha256, sha512)


def _store_package(line: _Line) -> None:
    """Not flushed to disk one by one: a catalogue that power loss took is made again."""
    storages["packages"].save(make_package_key(line.sha256), ContentFile(line.package.body))


def _describe_plugin(line: _Line) -> dict[str, Any]:
    plugin, invented = line.plugin, line.invented
    return {
        "id": plugin.pk,
        "name": plugin.name,
        "collision_key": invented.manifest.name.collision_key,
        "scope_id": plugin.scope_id,
        "kind": plugin.kind,
        "dialect": plugin.dialect,
        "display_name": plugin.display_name,
        "description": plugin.description,
        "author_name": plugin.author_name,
        "license": plugin.license,
        "trust": invented.trust,
        "is_listed": True,
        "document": plugin.document,
        "latest_id": line.release.pk,
        "downloads": invented.downloads,
        "rating": invented.rating,
        "rating_count": invented.rating_count,
        "created_at": invented.created_at,
        "updated_at": invented.updated_at,
    }


def _describe_release(line: _Line) -> dict[str, Any]:
    release, invented = line.release, line.invented
    version = invented.manifest.version
    return {
        "id": release.pk,
        "public_id": release.public_id,
        "plugin_id": line.plugin.pk,
        "version": release.version,
        "precedence": version.precedence_text,
        "sort_key": version.sort_key.encode("ascii"),
        "is_prerelease": version.is_prerelease,
        "state": ReleaseState.PUBLISHED.value,
        "trust": invented.trust,
        "verdict_reason": REASON,
        "unpacked_bytes": line.package.unpacked_bytes,
        "downloads": invented.downloads,
        "published_by_id": release.published_by_id,
        "created_at": invented.updated_at,
        "published_at": invented.updated_at,
    }


def _insert_beside_release(lines: Sequence[_Line]) -> None:
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
            "promoted_at": line.invented.updated_at,
        }
        for line in lines
    ]
    dependencies = [
        {"release_id": line.release.pk, "name": name, "range": wanted}
        for line in lines
        for name, wanted in line.invented.manifest.dependencies.plugins.items()
    ]
    insert_rows(ReleaseContents, contents)
    insert_rows(Artifact, artifacts)
    insert_rows(Dependency, dependencies)


def _insert_beside_plugin(lines: Sequence[_Line], around: Surroundings) -> None:
    tags = [
        {"plugin_id": line.plugin.pk, "name": LATEST, "release_id": line.release.pk}
        for line in lines
    ]
    members = [
        {
            "plugin_id": line.plugin.pk,
            "user_id": around.users[line.invented.owner.username].pk,
            "role": Role.OWNER.value,
            "created_at": line.invented.created_at,
        }
        for line in lines
    ]
    insert_rows(DistTag, tags)
    insert_rows(Member, members)
    headings = (
        (Category, Plugin.categories.through, "category_id", "categories", around.categories),
        (Tag, Plugin.tags.through, "tag_id", "tags", around.tags),
    )
    for model, through, column, field, ids in headings:
        links = [
            {"plugin_id": line.plugin.pk, column: ids[slug]}
            for line in lines
            for slug in cut_slugs(getattr(line.invented.manifest, field))
        ]
        insert_rows(through, links)
        add_plugins(model, Counter(link[column] for link in links))


def _make_journal_entry(line: _Line) -> dict[str, Any]:
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
