"""Stage 4, *record*: put the object into quarantine, then write the release in one transaction.

The order keeps the promise "an acknowledged publish is never lost": upload row, object, release.
A crash after any step leaves something that the sweeper or the worker recognizes: an expired
upload row, or a release with a job.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.models import MintedToken, Owner, Token, User
from accounts.queries.reserved_prefixes import share_prefixes
from accounts.queries.tokens import lock_usable_token
from common.http.errors import StorageError
from plugport.checks.registry import CHECKS
from plugport.spec.changelog import (
    CHANGELOG_NAMES,
    cut_text,
    extract_section,
    is_changelog_path,
)
from plugport.spec.encoding import decode_marked_text
from plugport.spec.names import PluginName
from plugport.spec.text import remove_nul
from registry.errors import NotMemberError
from registry.jobs.kinds import CHECK_RELEASE
from registry.jobs.notify import wake_worker
from registry.jobs.queue import enqueue_job
from registry.models import (
    Artifact,
    CheckRun,
    Dependency,
    Member,
    Plugin,
    Release,
    ReleaseContents,
    Role,
    Scope,
    Upload,
)
from registry.package_limits import CHANGELOG_CHARS, LICENSE_BYTES
from registry.policies import check_may_publish, check_publishes_as_required
from registry.publishing.admit import Admission, require_new_name
from registry.publishing.failpoints import FailPoint, hit
from registry.publishing.first_visibility import choose_visibility
from registry.publishing.free_names import free_name, is_name_free
from registry.publishing.inspect import InspectedPackage, get_root_text
from registry.publishing.receive import ReceivedPackage
from registry.publishing.similar_names import build_name_check
from registry.publishing.trusted import check_in_force, claim_pending_publishers
from registry.queries.members import lock_holding_organizations
from registry.storage import get_store
from registry.storage.keys import build_quarantine_key

# The slowest storage that is supported. An upload row that is older than this allows was left by a
# crash, so the sweeper need not wait longer to tell the two apart.
_MIN_BYTES_PER_SECOND = 8 << 20


@contextlib.contextmanager
def quarantine_upload(actor: User, received: ReceivedPackage) -> Iterator[Upload]:
    """Store the received file in quarantine under an upload row; undo both if the body raises."""
    allowed_seconds = settings.UPLOAD_SECONDS + received.size_bytes // _MIN_BYTES_PER_SECOND
    upload = Upload(actor=actor, expires_at=timezone.now() + dt.timedelta(seconds=allowed_seconds))
    upload.key = build_quarantine_key(upload.id)
    upload.save(force_insert=True)
    try:
        get_store().put_file(upload.key, received.path)
        hit(FailPoint.QUARANTINED)
        yield upload
    except BaseException:
        # If this fails too, the sweeper does it; the first error is the one to report.
        with contextlib.suppress(Exception):
            abandon_upload(upload)
        raise


def abandon_upload(upload: Upload) -> bool:
    """Delete an upload's row and object, unless it was recorded; returns whether it was deleted."""
    # Row first: a slow publisher then fails to delete the row and rolls back, instead of recording
    # a release whose object is being deleted. And if a commit succeeded although the connection
    # reported an error, the row is gone, and the object stays with its release.
    if not Upload.objects.filter(pk=upload.pk).delete()[0]:
        return False
    get_store().delete(upload.key)
    return True


def record_release(
    *,
    actor: User,
    admission: Admission,
    inspected: InspectedPackage,
    upload: Upload,
    tag: str,
    changelog: str,
    token: Token | None = None,
    minted: MintedToken | None = None,
    needs_approval: bool = False,
) -> Release:
    """Write the release in state `checking`, its contents, artifact, checks and job.

    `minted` marks the token of a CI job. One transaction; after the commit a worker is notified.

    Raises `IntegrityError` when another upload took the name or version first; the caller admits again to
    find out. Raises `InvalidTokenError` if the token was revoked since the upload began, and `AssertionRefusedError` if
    the CI job may no longer publish.
    """
    with transaction.atomic():
        plugin = _get_or_create_plugin(actor, admission, inspected)
        is_trusted = token is None or minted is not None
        check_publishes_as_required(plugin, is_trusted=is_trusted)
        if minted is not None:
            check_in_force(minted)
            needs_approval |= plugin.stages_trusted_releases
        release = _create_release(
            actor,
            plugin,
            inspected,
            tag=tag,
            publisher_run=minted.run if minted is not None else {},
            needs_approval=needs_approval,
        )
        _create_contents(release, inspected, changelog)
        _create_artifact(release, inspected.received, upload)
        _create_dependencies(release, inspected)
        runs = [CheckRun(release=release, name=check.name) for check in CHECKS]
        if name_check := build_name_check(actor, release):
            runs.append(name_check)
        CheckRun.objects.bulk_create(runs)
        enqueue_job(CHECK_RELEASE, str(release.pk))
        _delete_upload(upload)
        record_audit_entry(actor=actor, action="release.recorded", target=release)
        # A package can take minutes to arrive. A person whom an organization removes in this moment must
        # not publish. Before the token, as in a removal, which revokes tokens.
        if lock_holding_organizations(plugin):
            check_may_publish(actor, plugin)
        if token is not None:
            # Nor a thief with a token that the owner has revoked. Last, so that the lock is short.
            lock_usable_token(token)
        # A worker that is woken before the commit would not see the job.
        transaction.on_commit(_notify_worker)
    return release


def _notify_worker() -> None:
    hit(FailPoint.RECORDED)
    wake_worker()


def _delete_upload(upload: Upload) -> None:
    """From here on the artifact names the object. Raises `StorageError` if the sweeper was first."""
    if not Upload.objects.filter(pk=upload.pk).delete()[0]:
        raise StorageError("The package storage took too long.", hint="Send the package again.")


def _get_or_create_plugin(actor: User, admission: Admission, inspected: InspectedPackage) -> Plugin:
    name = admission.name
    # `discard_package` takes the same lock: it must not remove an object with these bytes while this
    # release is being recorded. The role is checked again because it may have changed since the
    # package was admitted.
    plugin = Plugin.objects.select_for_update(of=("self",)).filter(name=str(name)).first()
    if plugin is not None:
        try:
            check_may_publish(actor, plugin)
        except NotMemberError:
            if not is_name_free(plugin):
                raise
            free_name(actor, plugin)
        else:
            return plugin
    return _create_plugin(actor, admission, inspected)


def _create_plugin(actor: User, admission: Admission, inspected: InspectedPackage) -> Plugin:
    name = admission.name
    # No prefix of the name is reserved while it is being created.
    share_prefixes()
    new = require_new_name(actor, name)
    if new.abandoned is not None:
        free_name(actor, new.abandoned)
    manifest = inspected.manifest
    scope = _get_or_create_scope(actor, new.holder, name.scope) if name.scope else None
    plugin = Plugin.objects.create(
        name=str(name),
        collision_key=name.collision_key,
        scope=scope,
        # Again, because the scope may have become narrower since the package was admitted.
        visibility=choose_visibility(name, scope, admission.visibility),
        kind=manifest.kind,
        dialect=manifest.dialect,
        description=manifest.description,
    )
    Member.objects.create(plugin=plugin, holder=new.holder, role=Role.OWNER)
    claim_pending_publishers(actor, plugin)
    record_audit_entry(
        actor=actor, action="plugin.created", target=plugin, visibility=plugin.visibility
    )
    return plugin


def _get_or_create_scope(actor: User, owner: Owner, name: str) -> Scope:
    """The scope. The owner's own and official ones are created with their first plugin.

    Raises `IntegrityError` if another owner took it after the package was admitted.
    """
    # Locked against a change of its visibility, which changes that of all its plugins.
    rows = Scope.objects.select_for_update(of=("self",), no_key=True)
    scope = rows.filter(name=name).first()
    if scope is None:
        key = PluginName(None, name).collision_key
        scope = Scope.objects.create(name=name, owner=owner, collision_key=key)
        record_audit_entry(actor=actor, action="scope.created", target=scope)
    elif scope.owner_id != owner.pk:
        # The error that the unique constraint raises when the other one commits a moment later.
        raise IntegrityError(f"the scope `{name}` was taken in the meantime")
    return scope


def _create_release(
    actor: User, plugin: Plugin, inspected: InspectedPackage, **columns: Any
) -> Release:
    version = inspected.manifest.version
    return Release.objects.create(
        plugin=plugin,
        version=str(version),
        precedence=version.precedence_text,
        sort_key=version.sort_key.encode("ascii"),
        is_prerelease=version.is_prerelease,
        unpacked_bytes=inspected.package.unpacked_bytes,
        published_by=actor,
        **columns,
    )


def _create_contents(release: Release, inspected: InspectedPackage, changelog_entry: str) -> None:
    """Create the contents. Without an entry, it is the version's section of the changelog."""
    texts = inspected.package.texts
    readme_path, readme = get_root_text(texts, "readme")
    changelogs = {path: text for path, text in texts.items() if is_changelog_path(path)}
    _, changelog = get_root_text(changelogs, *CHANGELOG_NAMES)
    entry = changelog_entry.strip() or extract_section(changelog, release.version)
    ReleaseContents.objects.create(
        release=release,
        manifest=inspected.manifest.as_dict(),
        manifest_path=inspected.reading.path,
        manifest_text=inspected.manifest_text,
        warnings=[warning.as_dict() for warning in inspected.reading.warnings],
        files=[
            {
                "path": entry.path,
                "size": entry.size_bytes,
                "sha256": entry.sha256.hex,
                "executable": entry.executable,
            }
            for entry in inspected.package.files
        ],
        readme_path=readme_path,
        readme=readme,
        changelog=changelog,
        changelog_entry=cut_text(entry, CHANGELOG_CHARS),
        licences=_collect_licenses(texts),
    )


def _collect_licenses(texts: Mapping[str, bytes]) -> dict[str, str]:
    """The license files at the root. Texts beyond `LICENSE_BYTES` together are empty."""
    licenses: dict[str, str] = {}
    remaining_bytes = LICENSE_BYTES
    for path, content in texts.items():
        if "/" in path or not path.lower().startswith(("licen", "copying", "notice")):
            continue
        text = remove_nul(decode_marked_text(content, "replace"))
        # Control characters take six bytes in JSON.
        size = len(json.dumps(text, ensure_ascii=False).encode())
        licenses[path] = text if size <= remaining_bytes else ""
        remaining_bytes -= size if licenses[path] else 0
    return licenses


def _create_artifact(release: Release, received: ReceivedPackage, upload: Upload) -> None:
    Artifact.objects.create(
        release=release,
        sha256=received.sha256.hex,
        sha512=received.sha512.hex,
        size_bytes=received.size_bytes,
        quarantine_key=upload.key,
    )


def _create_dependencies(release: Release, inspected: InspectedPackage) -> None:
    ranges = inspected.manifest.dependencies.plugins
    Dependency.objects.bulk_create(
        [Dependency(release=release, name=name, range=text) for name, text in ranges.items()]
    )
