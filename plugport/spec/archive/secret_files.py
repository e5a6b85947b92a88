"""Files that are secrets by their name: what the packer refuses and the registry reports.

The list is data; `find_secret_files` reads it. A few names are secret only with certain content,
so a caller that can read the files gets fewer false alarms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

# Matched against the last part of a path in lower case.
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
# Matched against the end of a path in lower case.
SECRET_PATHS = (".aws/credentials", ".docker/config.json", ".kube/config")

# Names that look like the above and are made to be shared.
HARMLESS_NAMES = ("*.example", "*.sample", "*.template", "*.dist", "*.pub")

# Secret unless their content says otherwise.
_CERTIFICATES = "*.pem"
_TOKEN_FILES = (".npmrc", ".yarnrc", ".yarnrc.yml", ".pypirc")

# Tokens and headings stand at the front of such files.
READ_BYTES = 256 << 10
_PUBLIC_PEM = re.compile(
    rb"-----BEGIN (?:CERTIFICATE|TRUSTED CERTIFICATE|PUBLIC KEY|X509 CRL)-----"
)
_PRIVATE_PEM = re.compile(rb"PRIVATE KEY")
# A value that is only the name of an environment variable gives nothing away.
_TOKEN = re.compile(
    rb"(?:_auth|_authtoken|_password|password|npmauthtoken|npmauthident)"
    rb"['\"]?[ \t]*[=: ][ \t]*['\"]?(?!\$\{)[^\s'\"]",
    re.IGNORECASE,
)


def find_secret_files(
    paths: Iterable[str], read: Callable[[str], bytes] | None = None
) -> list[str]:
    """List those of `paths` that are secrets, in their order.

    `read` gives the first `READ_BYTES` of a file; it is asked only for `.pem` files, which may be
    public certificates, and for files of package tools, which may hold no token. Without it all
    of these are listed.
    """
    return [path for path in paths if _is_secret(path, read)]


def _is_secret(path: str, read: Callable[[str], bytes] | None) -> bool:
    folded = path.lower()
    name = folded.rpartition("/")[2]
    if _matches(name, HARMLESS_NAMES):
        return False
    if _matches(name, SECRET_NAMES) or f"/{folded}".endswith(tuple(f"/{p}" for p in SECRET_PATHS)):
        return True
    if fnmatchcase(name, _CERTIFICATES):
        return read is None or not _is_public_pem(read(path))
    if name in _TOKEN_FILES:
        return read is None or _TOKEN.search(read(path)) is not None
    return False


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _is_public_pem(content: bytes) -> bool:
    return bool(_PUBLIC_PEM.search(content)) and not _PRIVATE_PEM.search(content)
