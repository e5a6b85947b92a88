"""Stage 4, *record*: the object into quarantine, then one transaction that makes it ours.

The order is what keeps the promise "an acknowledged publish is never lost": the upload row, the
object, the release. A crash after any step leaves something that the sweeper or the worker
recognises: an upload row past its time, or a release with a job.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import record_act
from accounts.models import User
from plugport.checks.registry import CHECKS
from plugport.spec.names import PluginName
from registry.errors import StorageError
from registry.jobs import enqueue_job
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
from registry.publishing.admit import Admission, check_may_publish, check_new_name
from registry.publishing.faults import Point, reach
from registry.publishing.inspect import InspectedPackage, find_text
from registry.publishing.limits import CHANGELOG_CHARS
from registry.publishing.receive import ReceivedPackage
from registry.storage import get_store
from registry.storage.keys import make_quarantine_key
from registry.wake import wake_worker

CHECK_JOB = "check-release"
# Storage slower than this is given up on, so that what a crash left can be told from it soon.
_SLOWEST_BYTES_PER_SECOND = 8 << 20


@contextlib.contextmanager
def quarantine_upload(actor: User, received: ReceivedPackage) -> Iterator[Upload]:
    """Put the received file on storage under an upload row; undo both if the body raises."""
    allowed = settings.UPLOAD_SECONDS + received.size_bytes // _SLOWEST_BYTES_PER_SECOND
    upload = Upload(actor=actor, expires_at=timezone.now() + dt.timedelta(seconds=allowed))
    upload.key = make_quarantine_key(upload.id)
    upload.save(force_insert=True)
    try:
        get_store().put_file(upload.key, received.path)
        reach(Point.QUARANTINED)
        yield upload
    except BaseException:
        with contextlib.suppress(Exception):
            abandon_upload(upload)
        raise


def abandon_upload(upload: Upload) -> bool:
    """Give an upload up, unless it was recorded meanwhile; returns whether it was given up.

    The row goes first: a publisher that is late finds it gone and stops, instead of recording a
    release whose object is being deleted. And when a commit was answered by an error although
    it happened, the row is gone already and the object of the release stays.
    """
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
) -> Release:
    """Write the release in state `checking` with everything that belongs to it.

    One transaction; afterwards the worker is woken. Raises `IntegrityError` when another
    publisher was faster: the caller asks again who.
    """
    with transaction.atomic():
        plugin = _get_or_create_plugin(actor, admission.name, inspected)
        release = _create_release(actor, plugin, inspected, tag)
        _create_contents(release, inspected, changelog)
        _create_artifact(release, inspected.received, upload)
        _create_dependencies(release, inspected)
        CheckRun.objects.bulk_create(
            [CheckRun(release=release, name=check.name) for check in CHECKS]
        )
        job = enqueue_job(CHECK_JOB, str(release.pk))
        _close_upload(upload)
        record_act(actor=actor, action="release.recorded", target=str(release))
        transaction.on_commit(lambda: _announce(job.pk))
    return release


def _announce(job_id: int) -> None:
    reach(Point.RECORDED)
    wake_worker(job_id)


def _close_upload(upload: Upload) -> None:
    """The artifact names the object from here on. Raises `StorageError` if the sweeper was first."""
    if not Upload.objects.filter(pk=upload.pk).delete()[0]:
        raise StorageError("The package storage took too long.", hint="Send the package again.")


def _get_or_create_plugin(actor: User, name: PluginName, inspected: InspectedPackage) -> Plugin:
    plugin = Plugin.objects.select_for_update(of=("self",)).filter(name=str(name)).first()
    if plugin is not None:
        check_may_publish(actor, plugin)
        return plugin
    check_new_name(actor, name)
    manifest = inspected.manifest
    plugin = Plugin.objects.create(
        name=str(name),
        collision_key=name.collision_key,
        scope=_get_or_create_scope(actor, name.scope) if name.scope else None,
        kind=manifest.kind,
        dialect=manifest.dialect,
        description=manifest.description,
    )
    Member.objects.create(plugin=plugin, user=actor, role=Role.OWNER)
    record_act(actor=actor, action="plugin.created", target=plugin.name)
    return plugin


def _get_or_create_scope(actor: User, name: str) -> Scope:
    """The scope; one that nobody has yet becomes the actor's with its first plugin.

    Raises `IntegrityError` if somebody else took it since it was admitted.
    """
    scope = Scope.objects.filter(name=name).first()
    if scope is None:
        key = PluginName(None, name).collision_key
        scope = Scope.objects.create(name=name, owner=actor, collision_key=key)
        record_act(actor=actor, action="scope.created", target=str(scope))
    elif scope.owner_id != actor.pk:
        raise IntegrityError(f"the scope `{name}` was taken meanwhile")
    return scope


def _create_release(actor: User, plugin: Plugin, inspected: InspectedPackage, tag: str) -> Release:
    version = inspected.manifest.version
    return Release.objects.create(
        plugin=plugin,
        version=str(version),
        precedence=version.precedence_text,
        sort_key=version.sort_key.encode("ascii"),
        is_prerelease=version.is_prerelease,
        tag=tag,
        unpacked_bytes=inspected.package.unpacked_bytes,
        published_by=actor,
    )


def _create_contents(release: Release, inspected: InspectedPackage, changelog: str) -> None:
    texts = inspected.package.texts
    readme_path, readme = find_text(texts, "readme")
    licences = {
        path: text.decode("utf-8", errors="replace").replace("\x00", "")
        for path, text in texts.items()
        if path.lower().startswith(("licen", "copying", "notice")) and "/" not in path
    }
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
        changelog=find_text(texts, "changelog")[1],
        changelog_entry=changelog[:CHANGELOG_CHARS],
        licences=licences,
    )


def _create_artifact(release: Release, received: ReceivedPackage, upload: Upload) -> None:
    Artifact.objects.create(
        release=release,
        sha256=received.sha256.hex,
        sha512=received.sha512.hex,
        size_bytes=received.size_bytes,
        quarantine_key=upload.key,
    )


def _create_dependencies(release: Release, inspected: InspectedPackage) -> None:
    wanted = inspected.manifest.dependencies.plugins
    Dependency.objects.bulk_create(
        [Dependency(release=release, name=name, range=text) for name, text in wanted.items()]
    )
