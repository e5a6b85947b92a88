"""What the contract server keeps: plugins, releases and who may publish."""

from __future__ import annotations

import base64
import hashlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plugport.checks.registry import CHECKS, has_errors, run_check
from plugport.checks.subject import make_subject
from plugport.spec.versions import Version


@dataclass
class StoredRelease:
    name: str
    version: str
    package: bytes
    manifest: dict[str, Any]
    readme: str
    checks: list[dict[str, Any]]
    publisher: str
    state: str = "checking"
    trust: str = "community"
    policy: str | None = "notice"
    deprecated: dict[str, Any] | None = None
    yanked: dict[str, Any] | None = None
    tag: str | None = None
    # Tests set these to be a registry that lies or is damaged.
    integrity_override: str | None = None
    etag: str = ""
    url_override: str | None = None
    size_override: int | None = None

    @property
    def integrity(self) -> str:
        digest = hashlib.sha512(self.package).digest()
        return f"sha512-{base64.b64encode(digest).decode()}"

    @property
    def repr_digest(self) -> str:
        digest = hashlib.sha256(self.package).digest()
        return f"sha-256=:{base64.b64encode(digest).decode()}:"

    def as_dict(self, base_url: str) -> dict[str, Any]:
        url = f"{base_url}/api/v1/plugins/{self.name}/{self.version}/download"
        return {
            "name": self.name,
            "version": self.version,
            "state": self.state,
            "deprecated": self.deprecated,
            "yanked": self.yanked,
            "dependencies": {
                "plugins": {},
                "packages": {},
                "peer": {},
                **self.manifest.get("dependencies", {}),
            },
            "permissions": self.manifest.get("permissions", {}),
            "packageUrl": self.url_override or url,
            "integrity": self.integrity_override or self.integrity,
            "checksum": hashlib.sha256(self.package).hexdigest(),
            "size": self.size_override or len(self.package),
            "trust": self.trust,
            "installPolicy": self.policy,
            "publishedBy": self.publisher,
            "createdAt": "2025-01-01T00:00:00.000Z",
        }


@dataclass
class Store:
    tokens: dict[str, str] = field(default_factory=dict)
    releases: dict[str, dict[str, StoredRelease]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    polls_until_decided: int = 1
    forced_state: str | None = None
    # A registry need not compare releases.
    compares: bool = True

    def inspect(self, package: bytes, publisher: str) -> StoredRelease:
        """Read a package and run the checks on it, as a registry does."""
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "package.tgz"
            archive.write_bytes(package)
            subject = make_subject(archive, Path(folder) / "scratch")
            checks = [
                {
                    "name": check.name,
                    "title": check.title,
                    "state": "failed" if has_errors(found) else "passed",
                    "durationMs": 1,
                    "findings": [finding.as_dict() for finding in found],
                }
                for check in CHECKS
                for found in [run_check(check, subject)]
            ]
        texts = subject.package.texts
        readme = next((texts[p] for p in texts if p.lower().startswith("readme")), b"")
        manifest = subject.manifest
        return StoredRelease(
            name=str(manifest.name),
            version=str(manifest.version),
            package=package,
            manifest=manifest.as_dict(),
            readme=readme.decode(),
            checks=checks,
            publisher=publisher,
            etag=f'"{hashlib.sha256(package).hexdigest()[:32]}"',
        )

    def add(self, release: StoredRelease) -> None:
        self.releases.setdefault(release.name, {})[release.version] = release

    def decide(self, release: StoredRelease) -> None:
        failed = any(check["state"] == "failed" for check in release.checks)
        release.state = self.forced_state or ("rejected" if failed else "published")
        if release.state == "published" and release.tag:
            self.tags.setdefault(release.name, {})[release.tag] = release.version

    def list_public(self, name: str) -> list[StoredRelease]:
        found = [
            release
            for release in self.releases.get(name, {}).values()
            if release.state in {"published", "quarantined", "revoked"}
        ]
        return sorted(found, key=lambda release: Version.parse(release.version), reverse=True)

    def list_tags(self, name: str) -> dict[str, str]:
        usable = [r for r in self.list_public(name) if r.state == "published" and not r.yanked]
        stable = [r for r in usable if not Version.parse(r.version).is_prerelease]
        tags = dict(self.tags.get(name, {}))
        if stable or usable:
            tags.setdefault("latest", (stable or usable)[0].version)
        return tags

    def describe(self, name: str) -> dict[str, Any] | None:
        releases = self.list_public(name)
        if not releases:
            return None
        tags = self.list_tags(name)
        newest = self.releases[name][tags.get("latest", releases[0].version)]
        manifest = newest.manifest
        return {
            "name": name,
            "displayName": manifest.get("displayName") or name,
            "description": manifest.get("description", ""),
            "type": manifest["kind"],
            "author": manifest.get("author"),
            "owners": [newest.publisher],
            "license": manifest.get("license"),
            "categories": manifest.get("categories", []),
            "tags": manifest.get("tags", []),
            "downloads": 0,
            "latestVersion": tags.get("latest"),
            "distTags": tags,
            "trust": newest.trust,
            "official": newest.trust == "official",
            "deprecated": newest.deprecated,
        }
