"""`manage.py load_demo`: create the demo accounts and publish the demo catalog."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from demo.releases import ROOT, DemoAction, DemoRelease, assemble_release, load_catalog
from plugport.spec.errors import PlugportError
from plugport.spec.names import PluginName
from registry.actions.create_scope import create_scope
from registry.actions.feature_plugin import feature_plugin
from registry.actions.flag_release import deprecate_release, yank_release
from registry.actions.publish_folder import publish_folder
from registry.models.states import ReleaseState
from registry.queries import catalog
from registry.queries.visible import EVERYBODY
from registry.storage.scratch import open_scratch_folder

_ACCOUNTS: dict[str, dict[str, bool]] = {
    "admin": {"is_staff": True, "is_superuser": True, "is_moderator": True},
    "author": {},
    "moderator": {"is_staff": True, "is_moderator": True},
}


class Command(BaseCommand):
    """Publishes the demo through the real pipeline."""

    help = (
        "Create the demo accounts and publish the demo catalog."
        " Does nothing if this version of the demo is already loaded."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing. Raises `CommandError` for a release that is not published."""
        create_accounts()
        stamp = Path(settings.DATA_DIR) / "demo-loaded"
        state = compute_demo_digest(ROOT)
        if stamp.exists() and stamp.read_text(encoding="ascii") == state:
            return
        catalog_data = load_catalog()
        users = {user.username: user for user in User.objects.filter(username__in=_ACCOUNTS)}
        create_scopes(users, catalog_data.releases)
        for number, release in enumerate(catalog_data.releases, 1):
            publish_demo(users[release.owner], release)
            self.stdout.write(
                f"{number:>3}/{len(catalog_data.releases)}  {release.name}@{release.version}"
            )
        for action in catalog_data.actions:
            apply_demo_action(users["admin"], action)
        for release in catalog_data.releases:
            if release.featured:
                feature_plugin(
                    actor=users["admin"], plugin=catalog.get_plugin(release.name, EVERYBODY)
                )
        # Last: an interrupted load continues at the next start, and finds what is published already.
        stamp.write_text(state, encoding="ascii")


def create_accounts() -> None:
    """Create the missing accounts with random passwords, which are written to the data folder."""
    missing = sorted(_ACCOUNTS.keys() - set(User.objects.values_list("username", flat=True)))
    if not missing:
        return
    path = Path(settings.DATA_DIR) / "demo-sign-ins.txt"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    for username in missing:
        password = secrets.token_urlsafe(12)
        User.objects.create_user(
            username, f"{username}@demo.invalid", password, **_ACCOUNTS[username]
        )
        # A line of an older account of that name has a password that no longer works.
        lines = [line for line in lines if line.split()[:1] != [username]]
        lines.append(f"{username:<10} {password}")
    # Readable by the owner only from the start: the file contains passwords (CWE-732).
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join(sorted(lines)) + "\n")


def compute_demo_digest(root: Path) -> str:
    """A digest of the demo's files, so that a changed demo is published again."""
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def create_scopes(users: Mapping[str, User], releases: Sequence[DemoRelease]) -> None:
    """Create the missing scopes of the demo, which the administrator gives to their owners."""
    owners = {PluginName.parse(release.name).scope: users[release.owner] for release in releases}
    for scope, owner in owners.items():
        if scope is not None:
            create_scope(actor=users["admin"], name=scope, owner=owner.owner)


def publish_demo(owner: User, release: DemoRelease) -> None:
    """Publish one release as its owner. Raises `CommandError` if it is not published."""
    try:
        with open_scratch_folder() as scratch:
            publication = publish_folder(
                actor=owner,
                folder=assemble_release(release, scratch / "plugin"),
                tag=release.tag or "",
                changelog=release.changelog,
            )
    except PlugportError as error:
        raise CommandError(f"{release.name}@{release.version}: {error.detail}") from None
    published = publication.release
    if published.state not in (ReleaseState.PUBLISHED, ReleaseState.QUARANTINED):
        raise CommandError(f"{published} is {published.state}: {published.verdict_reason}")


def apply_demo_action(actor: User, action: DemoAction) -> None:
    """Deprecate or yank a release as the demo declares, unless that is done already."""
    release = catalog.get_release(action.name, action.version, EVERYBODY)
    if action.action == "deprecate" and release.deprecated_at is None:
        deprecate_release(
            actor=actor, release=release, message=action.text, replacement=action.replacement or ""
        )
    if action.action == "yank" and release.yanked_at is None:
        yank_release(actor=actor, release=release, reason=action.text)
