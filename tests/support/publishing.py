"""Publishing in tests: small packages through the real pipeline."""

from __future__ import annotations

import copy
import io
import tempfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from accounts.models import User
from plugport.spec.archive.packer import pack_tree
from registry.actions.publish_release import publish_release
from registry.downloads.counts import record_sent_bytes
from registry.jobs.runner import run_pending_jobs
from registry.models import Release
from registry.publishing.receive import receive_file

# The same text as `yaml.safe_dump`, in a tenth of the time.
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def build_manifest(name: str, version: str, **fields: Any) -> dict[str, Any]:
    """Return a `plugport.yaml` that passes every check."""
    return {
        "schema": 1,
        "name": name,
        "version": version,
        "kind": "service",
        "description": f"What {name} does, in one sentence.",
        "license": "MIT",
        "author": {"name": "Acme"},
        "repository": {"type": "git", "url": "https://git.example.test/acme/x"},
        **fields,
    }


def build_package(
    name: str = "@acme/chat",
    version: str = "1.0.0",
    *,
    files: Mapping[str, str | bytes | None] | None = None,
    **fields: Any,
) -> bytes:
    """Build a package with that manifest and those files; None leaves out a file."""
    tree: dict[str, str | bytes | None] = {
        "plugport.yaml": yaml.dump(
            build_manifest(name, version, **fields), Dumper=_Dumper, sort_keys=False
        ),
        "README.md": f"# {name}\n\nVersion {version}.\n",
        "CHANGELOG.md": f"# Changes\n\n## {version}\n\n- It works.\n",
        "LICENSE": "Permission is granted to do anything with this test file.\n",
        "index.js": "export default {};\n",
        **(files or {}),
    }
    with tempfile.TemporaryDirectory() as folder:
        for path, content in tree.items():
            if content is None:
                continue
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        out = io.BytesIO()
        pack_tree(Path(folder), out)
    return out.getvalue()


def publish_bytes(
    actor: User, body: bytes, *, tag: str = "", changelog: str = "", visibility: str = ""
) -> Release:
    """Run the stages before the checks; return the release in the state `checking`."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        with receive_file(Path(file.name)) as received:
            return publish_release(
                actor=actor,
                received=received,
                tag=tag,
                changelog=changelog,
                visibility=visibility,
            ).release


_clients = count()


def record_downloads(release: Release, number: int) -> None:
    """Record whole downloads by clients that did not download anything before."""
    for _ in range(number):
        client = f"client-{next(_clients)}"
        record_sent_bytes(release.pk, client=client, size_bytes=1, start=0, stop=1)


class Publisher:
    """Publishes small packages as one account and runs the checks."""

    def __init__(self, actor: User) -> None:
        self.actor = actor

    def copy_actor(self) -> User:
        """Return a copy of the account. A test that changes it leaves that of the next test alone."""
        return copy.copy(self.actor)

    def publish(
        self,
        name: str = "@acme/chat",
        version: str = "1.0.0",
        *,
        tag: str = "",
        changelog: str = "",
        visibility: str = "",
        files: Mapping[str, str | bytes | None] | None = None,
        **fields: Any,
    ) -> Release:
        """Publish and run the checks; return the updated release."""
        body = build_package(name, version, files=files, **fields)
        release = publish_bytes(
            self.actor, body, tag=tag, changelog=changelog, visibility=visibility
        )
        run_pending_jobs()
        release.refresh_from_db()
        return release
