"""Verify a package before any of its files is unpacked."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from plugport.installer.errors import IntegrityError, PackageMismatchError
from plugport.spec.archive.model import ArchiveLimits, Package
from plugport.spec.archive.reader import load_package
from plugport.spec.digest import Digest, Digester, digest_stream
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.parsing import parse_manifest
from plugport.spec.names import PluginName
from plugport.spec.text import quote_text
from plugport.spec.versions import Version

# Bounded repetition, so that a long header cannot slow down the match (CWE-1333).
_REPR_DIGEST = re.compile(r"\s*(sha-256|sha-512)\s*=\s*:([A-Za-z0-9+/=]{1,120}):\s*\Z")
_MAX_HEADER_CHARS = 4096


class ExpectedPackage(Struct, frozen=True):
    """What a package must be. None means that any value is accepted."""

    name: PluginName | None = None
    version: Version | None = None
    integrity: Digest | None = None
    size_bytes: int | None = None
    # The plugins that it needs, and their ranges: those for which versions were chosen.
    dependencies: Mapping[str, str] | None = None


class VerifiedPackage(Struct, frozen=True):
    """A package on disk that is as expected."""

    archive: Path
    package: Package
    manifest: Manifest
    digests: Digester


def verify_package(archive: Path, expected: ExpectedPackage) -> VerifiedPackage:
    """Check size, digest, archive and manifest, in this order.

    The digest comes before the archive is parsed, so that only the expected bytes reach the
    parsers. Raises `IntegrityError`, `PackageMismatchError`, `ArchiveError`, `ManifestError`.
    """
    with archive.open("rb") as file:
        digests = digest_stream(file)
    _check_bytes(digests, expected)
    package = load_package(archive, limits=ArchiveLimits())
    paths = [entry.path for entry in package.files]
    manifest = parse_manifest(package.texts, paths).manifest
    _check_identity(manifest, expected)
    return VerifiedPackage(archive, package, manifest, digests)


def parse_integrity(text: str, label: str) -> Digest:
    """Parse the integrity of a release. Raises `IntegrityError` if it is missing or invalid."""
    try:
        return Digest.parse_sri(text)
    except PlugportError as error:
        raise IntegrityError(
            f"the registry sent no valid integrity for `{label}`: {error}",
            hint="Nothing was installed. Report this to the operator of the registry.",
        ) from error


def find_repr_digest(header: str) -> Digest | None:
    """The strongest supported digest of a `Repr-Digest` header (RFC 9530)."""
    parts = header[:_MAX_HEADER_CHARS].split(",")
    matches = [match for part in parts if (match := _REPR_DIGEST.match(part))]
    # "sha-512" sorts after "sha-256", so reversed order has the stronger algorithm first.
    for match in sorted(matches, key=lambda match: match[1], reverse=True):
        try:
            value = base64.b64decode(match[2], validate=True)
            return Digest.from_bytes("sha512" if match[1] == "sha-512" else "sha256", value)
        except (binascii.Error, PlugportError):
            continue
    return None


def _check_bytes(digests: Digester, expected: ExpectedPackage) -> None:
    # Before the digest: for a truncated download the size is the clearer message.
    if expected.size_bytes is not None and digests.size_bytes != expected.size_bytes:
        raise IntegrityError(
            f"the package has {digests.size_bytes} bytes; its release has {expected.size_bytes}",
            hint="Nothing was installed. Run the same command again.",
        )
    if expected.integrity is None:
        return
    actual = digests.sha512 if expected.integrity.algorithm == "sha512" else digests.sha256
    if actual != expected.integrity:
        raise IntegrityError(
            f"the package has the integrity `{actual.sri}`; expected `{expected.integrity.sri}`",
            hint="Nothing was installed. Try again. If the error persists, the package was "
            "changed on the network or in the registry's storage.",
            context={"found": actual.sri, "promised": expected.integrity.sri},
        )


def _check_identity(manifest: Manifest, expected: ExpectedPackage) -> None:
    name = expected.name or manifest.name
    version = expected.version or manifest.version
    # As text: versions that differ in build metadata only are equal.
    if (manifest.name, str(manifest.version)) != (name, str(version)):
        raise PackageMismatchError(
            f"the package contains `{manifest.name}@{manifest.version}`; "
            f"its release is `{name}@{version}`",
            hint="Nothing was installed. Report this to the operator of the registry.",
        )
    if expected.dependencies is not None:
        actual = manifest.dependencies.plugins
        if dict(actual) != dict(expected.dependencies):
            raise PackageMismatchError(
                f"the package of `{name}@{version}` needs {_list_ranges(actual)}; its release"
                f" names {_list_ranges(expected.dependencies)}",
                hint="Nothing was installed. Report this to the operator of the registry.",
            )


def _list_ranges(dependencies: Mapping[str, str]) -> str:
    # Both sides come from a registry or package, which may be hostile.
    listed = [quote_text(f"{name} {text}") for name, text in list(dependencies.items())[:5]]
    return ", ".join(listed) or "no other plugin"
