"""Registries for tests of backup and restore, and their contents."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.data import ROOT
from tests.support.server import LiveRegistry

# Two published releases, one whose checks have not run, one that was rejected.
_FILL = """
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher, build_package, publish_bytes
from registry.publishing.release import reject
publisher = Publisher(create_user("acme"))
create_api_token(publisher.actor)
publisher.publish("@acme/chat", "1.0.0")
publisher.publish("@acme/mail", "2.0.0")
release = publish_bytes(publisher.actor, build_package("@acme/chat", "1.1.0-rejected"))
reject(release, actor=None, reason="a test")
publish_bytes(publisher.actor, build_package("@acme/chat", "1.2.0"))
"""
_DESCRIBE = """
import json
from accounts.models import Token, User
from registry.models import Artifact, JournalEntry, Release
print(json.dumps({
    "users": list(User.objects.values_list("username", "password")),
    "tokens": list(Token.objects.values_list("sha256", flat=True)),
    "releases": sorted(f"{r} {r.state}" for r in Release.objects.all()),
    "journal": list(JournalEntry.objects.values_list("serial", "plugin")),
}))
"""
PUBLISH_PENDING = """
from registry.jobs.runner import run_pending_jobs
run_pending_jobs()
"""


def fill(registry: LiveRegistry) -> None:
    """Migrate the database, and publish some plugins."""
    registry.prepare()
    registry.run(_FILL)


def describe(registry: LiveRegistry) -> dict[str, Any]:
    """Return what the database contains."""
    description: dict[str, Any] = json.loads(registry.run(_DESCRIBE))
    return description


def start_command(registry: LiveRegistry, *arguments: str, **variables: str) -> Any:
    """Start a management command without waiting for it."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**registry.environment, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0,
    )


def fail(registry: LiveRegistry, *arguments: str, **variables: str) -> str:
    """Run a command that must fail without a traceback, and return its errors."""
    process = start_command(registry, *arguments, **variables)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors
    return str(errors)


def list_sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that the backup names, by path."""
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    return {path: sha256 for sha256, path in (line.split("  ") for line in lines)}


def rewrite_sums(folder: Path, sums: bytes) -> None:
    """Replace `SHA256SUMS`, with its digest in the marker."""
    (folder / "SHA256SUMS").write_bytes(sums)
    marker = json.loads((folder / "backup.json").read_text())
    marker["sums"] = hashlib.sha256(sums).hexdigest()
    (folder / "backup.json").write_text(json.dumps(marker))


def replace_database(folder: Path, content: bytes) -> None:
    """Replace the copy of the database, with its digest."""
    (old, name), *_ = ((h, p) for p, h in list_sums(folder).items() if p.startswith("database."))
    (folder / name).write_bytes(content)
    sums = (folder / "SHA256SUMS").read_text()
    rewrite_sums(folder, sums.replace(old, hashlib.sha256(content).hexdigest()).encode())


def digest_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each visible file below the folder, by path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
