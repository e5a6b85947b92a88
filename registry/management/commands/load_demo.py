"""`manage.py load_demo`: the demo accounts and catalogue, once for each state of `demo/`."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from demo.releases import ROOT, DemoAct, DemoRelease, assemble_release, read_catalogue
from plugport.spec.errors import PlugportError
from registry import queries
from registry.actions.feature_plugin import feature_plugin
from registry.actions.flag_release import deprecate_release, yank_release
from registry.importing import publish_folder
from registry.publishing.states import ReleaseState
from registry.scratch import open_scratch_folder

_ACCOUNTS: dict[str, dict[str, bool]] = {
    "admin": {"is_staff": True, "is_superuser": True, "is_moderator": True},
    "author": {},
    "moderator": {"is_staff": True, "is_moderator": True},
}


class Command(BaseCommand):
    """Publishes the demo through the real pipeline."""

    help = "Make the demo accounts and publish the demo catalogue; does nothing the second time."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load what is missing. Raises `CommandError` naming a release that is refused."""
        make_accounts()
        stamp = Path(settings.DATA_DIR) / "demo-loaded"
        state = compute_state(ROOT)
        if stamp.exists() and stamp.read_text(encoding="ascii") == state:
            return
        catalogue = read_catalogue()
        users = {user.username: user for user in User.objects.filter(username__in=_ACCOUNTS)}
        for number, release in enumerate(catalogue.releases, 1):
            publish_demo(users[release.owner], release)
            self.stdout.write(
                f"{number:>3}/{len(catalogue.releases)}  {release.name}@{release.version}"
            )
        for act in catalogue.acts:
            carry_out(users["admin"], act)
        for release in catalogue.releases:
            if release.featured:
                feature_plugin(actor=users["admin"], plugin=queries.get_plugin(release.name))
        stamp.write_text(state, encoding="ascii")


def make_accounts() -> None:
    """Make the accounts that are missing, with passwords of their own kept in the data folder."""
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
        lines = [line for line in lines if line.split()[:1] != [username]]
        lines.append(f"{username:<10} {password}")
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join(sorted(lines)) + "\n")


def compute_state(root: Path) -> str:
    """A digest of the demo's files, so that a changed demo is published anew."""
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def publish_demo(owner: User, release: DemoRelease) -> None:
    """Publish one release as its owner. Raises `CommandError` if it is not published."""
    try:
        with open_scratch_folder() as scratch:
            published, _ = publish_folder(
                actor=owner,
                folder=assemble_release(release, scratch / "plugin"),
                tag=release.tag or "",
                changelog=release.changelog,
            )
    except PlugportError as error:
        raise CommandError(f"{release.name}@{release.version}: {error.detail}") from None
    if published.state not in (ReleaseState.PUBLISHED, ReleaseState.QUARANTINED):
        raise CommandError(f"{published} is {published.state}: {published.verdict_reason}")


def carry_out(actor: User, act: DemoAct) -> None:
    """Deprecate or yank what the catalogue says, unless that has happened."""
    release = queries.get_release(act.name, act.version)
    if act.act == "deprecate" and release.deprecated_at is None:
        deprecate_release(
            actor=actor, release=release, message=act.text, replacement=act.replacement or ""
        )
    if act.act == "yank" and release.yanked_at is None:
        yank_release(actor=actor, release=release, reason=act.text)
