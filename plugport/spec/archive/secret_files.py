"""Detect secret files by name. The packer refuses them, and the registry reports them.

A few names are secret only with certain content, so that callers that can read the files get fewer
false positives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

# Matched against the file name in lowercase.
SECRET_NAMES = (
    ".env",
    ".env.*",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.ppk",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".htpasswd",
    ".dockercfg",
    ".git-credentials",
    ".vault-token",
    "credentials.json",
    "client_secret*.json",
    "service-account*.json",
    "service_account*.json",
    "terraform.tfstate",
    "terraform.tfstate.backup",
)
# Matched against the end of the path in lowercase.
SECRET_PATHS = (".aws/credentials", ".docker/config.json", ".kube/config")

# Names that match the lists above but are meant to be shared.
HARMLESS_NAMES = ("*.example", "*.sample", "*.template", "*.dist", "*.pub")

# Secret, unless the content shows otherwise.
_CERTIFICATE_PATTERN = "*.pem"
_TOKEN_FILES = (".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc")

# Tokens and PEM headers are at the start of these files.
SECRET_PROBE_BYTES = 256 << 10
_PUBLIC_PEM = re.compile(
    rb"-----BEGIN (?:CERTIFICATE|TRUSTED CERTIFICATE|PUBLIC KEY|X509 CRL)-----"
)
_PRIVATE_PEM = re.compile(rb"PRIVATE KEY")
# A reference to an environment variable (`${TOKEN}`) is not a secret.
_TOKEN = re.compile(
    rb"(?:_auth|_authtoken|_password|password|npmauthtoken|npmauthident)"
    rb"['\"]?[ \t]*[=: ][ \t]*['\"]?(?!\$\{)[^\s'\"]",
    re.IGNORECASE,
)


def list_secret_files(
    paths: Iterable[str], read: Callable[[str], bytes] | None = None
) -> list[str]:
    """The `paths` of secret files, in the same order.

    `read` returns the first `SECRET_PROBE_BYTES` of a file. It is only called for `.pem` files,
    which can be public certificates, and for configuration files of package managers, which may
    have no token. Without `read`, all of these are listed.
    """
    return [path for path in paths if _is_secret(path, read)]


def _is_secret(path: str, read: Callable[[str], bytes] | None) -> bool:
    folded = path.lower()
    name = folded.rpartition("/")[2]
    if _matches(name, HARMLESS_NAMES):
        return False
    if _matches(name, SECRET_NAMES) or f"/{folded}".endswith(tuple(f"/{p}" for p in SECRET_PATHS)):
        return True
    if fnmatchcase(name, _CERTIFICATE_PATTERN):
        return read is None or not _is_public_pem(read(path))
    if name in _TOKEN_FILES:
        return read is None or _TOKEN.search(read(path)) is not None
    return False


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _is_public_pem(content: bytes) -> bool:
    return bool(_PUBLIC_PEM.search(content)) and not _PRIVATE_PEM.search(content)
