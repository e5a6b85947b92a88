"""Is this the package that was promised? Asked before a single file of it is unpacked."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from pathlib import Path

from plugport.installer.errors import IntegrityError, PackageMismatchError
from plugport.spec.archive.model import ArchiveLimits, Package
from plugport.spec.archive.reader import read_package
from plugport.spec.digest import Digest, Digester, digest_stream
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.model import Manifest
from plugport.spec.manifest.reading import read_manifest
from plugport.spec.names import PluginName
from plugport.spec.versions import Version

_REPR_DIGEST = re.compile(r"\s*(sha-256|sha-512)\s*=\s*:([A-Za-z0-9+/=]{1,120}):\s*\Z")


@dataclass(frozen=True, slots=True)
class Promise:
    """What is known of a package before it arrives; None: nobody has said."""

    name: PluginName | None = None
    version: Version | None = None
    integrity: Digest | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class VerifiedPackage:
    """A package on disk that keeps every promise made for it."""

    archive: Path
    package: Package
    manifest: Manifest
    digests: Digester


def verify_package(archive: Path, promise: Promise) -> VerifiedPackage:
    """Check size, digest, archive and manifest, in this order.

    Raises `IntegrityError`, `PackageMismatchError`, and the errors of archives and manifests.
    """
    with archive.open("rb") as file:
        digests = digest_stream(file)
    _check_bytes(digests, promise)
    package = read_package(archive, limits=ArchiveLimits())
    paths = [entry.path for entry in package.files]
    manifest = read_manifest(package.texts, paths).manifest
    _check_identity(manifest, promise)
    return VerifiedPackage(archive, package, manifest, digests)


def parse_promised_integrity(text: str, label: str) -> Digest:
    """The digest a registry promises. Raises `IntegrityError` where it promises none."""
    try:
        return Digest.parse_sri(text)
    except PlugportError as error:
        raise IntegrityError(
            f"the registry gives no readable integrity for `{label}`: {error}",
            hint="Nothing was installed. Tell the operator of the registry.",
        ) from error


def find_repr_digest(header: str) -> Digest | None:
    """The strongest digest of a `Repr-Digest` header (RFC 9530) that is known here."""
    found = [match for part in header[:4096].split(",") if (match := _REPR_DIGEST.match(part))]
    # "sha-512" sorts after "sha-256": the stronger one first.
    for match in sorted(found, key=lambda match: match[1], reverse=True):
        try:
            value = base64.b64decode(match[2], validate=True)
            return Digest.from_bytes("sha512" if match[1] == "sha-512" else "sha256", value)
        except (binascii.Error, PlugportError):
            continue
    return None


def _check_bytes(digests: Digester, promise: Promise) -> None:
    # First, because it is the clearer message for a download that was cut.
    if promise.size_bytes is not None and digests.size_bytes != promise.size_bytes:
        raise IntegrityError(
            f"the package has {digests.size_bytes} bytes, its release says {promise.size_bytes}",
            hint="Nothing was installed. Run the same command again.",
        )
    if promise.integrity is None:
        return
    found = digests.sha512 if promise.integrity.algorithm == "sha512" else digests.sha256
    if found != promise.integrity:
        raise IntegrityError(
            f"the package's integrity is `{found.sri}`, promised was `{promise.integrity.sri}`",
            hint="Nothing was installed. Try again; if it stays so, the package was changed on "
            "its way or in the registry's storage.",
            context={"found": found.sri, "promised": promise.integrity.sri},
        )


def _check_identity(manifest: Manifest, promise: Promise) -> None:
    found = f"{manifest.name}@{manifest.version}"
    name = promise.name or manifest.name
    version = promise.version or manifest.version
    if (manifest.name, str(manifest.version)) != (name, str(version)):
        raise PackageMismatchError(
            f"the package holds `{found}`, but its release is `{name}@{version}`",
            hint="Nothing was installed. Tell the operator of the registry.",
        )
