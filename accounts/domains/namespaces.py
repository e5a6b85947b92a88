"""Accounts and groups of code hosts: their names, and the file in a public repository that proves one.

The operator lists the hosts (`PLUGPORT_PROOF_FILES`). The repository has a fixed name, because people
who may write to some repository of an account do not speak for the account.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from django.conf import settings

from accounts.domains.errors import CodeHostUnavailableError, DomainNameError
from plugport.spec.errors import FieldError
from plugport.spec.repository_address import parse_repository_address

MAX_NAMESPACE_CHARS = 253
MAX_FILE_BYTES = 4 * 1024
FETCH_SECONDS = 4.0
# What a host answers if the repository or file does not exist, is private or has moved.
_MISSING = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 410})
_PART = r"[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_-])?"
_PATH = re.compile(rf"{_PART}(?:/{_PART}){{0,20}}")


def is_namespace(text: str) -> bool:
    """Whether the text can only be the name of an account or group, and not of a domain."""
    return "/" in text.strip().removeprefix("https://")


def fold_namespace(text: str) -> str | None:
    """`HOST/NAMESPACE` in lower case, as code hosts compare it; None for other texts."""
    folded = text.strip().lower().removeprefix("https://").removesuffix("/")
    host, _, path = folded.partition("/")
    is_valid = host and _PATH.fullmatch(path) and ".." not in path and "--" not in host
    return folded if is_valid and len(folded) <= MAX_NAMESPACE_CHARS else None


def is_in_namespace(repository: str, namespace: str) -> bool:
    """Whether the URL of a repository, as authors write it, is one of the account or group.

    A browser that opens the URL must come to no other: what it would resolve is refused.
    """
    if ".." in unquote(repository) or "\\" in repository:
        return False
    address = parse_repository_address(repository)
    path = f"{address.host}/{address.project}" if address is not None else repository
    folded = fold_namespace(path.strip().removesuffix(".git"))
    return folded is not None and folded.startswith(f"{namespace}/")


def parse_namespace(text: str) -> str:
    """The folded name of an account or group of a host that the operator lists. Raises `DomainNameError`."""
    folded = fold_namespace(text)
    hosts = sorted(settings.PROOF_FILES)
    if folded is None or folded.partition("/")[0] not in hosts:
        allowed = " or ".join(f"`{host}/NAME`" for host in hosts) or "no code hosts"
        detail = (
            f"The name of an account or group on a code host has another form. Allowed: {allowed}."
        )
        raise DomainNameError(
            f"The account or group cannot be proven. {detail}",
            fields=[FieldError("domain", detail)],
        )
    return folded


def find_file_url(namespace: str) -> str | None:
    """The address of the file that proves the namespace; None if its host is no longer listed."""
    host, _, path = namespace.partition("/")
    template = settings.PROOF_FILES.get(host)
    return None if template is None else str(template.replace("{namespace}", path))


def fetch_file_lines(namespace: str) -> list[str]:
    """The lines of the file; none if it does not exist. Raises `CodeHostUnavailableError`.

    Redirects are not followed: one could lead to another account or host.
    """
    # Imported here: the worker imports this module, and the HTTP client is slow to import.
    from common.http.safe import Fetcher, FetchFailedError, FetchRefusedError

    url = find_file_url(namespace)
    if url is None:
        host = namespace.partition("/")[0]
        raise CodeHostUnavailableError(f"This registry does not look for proofs at `{host}`.")
    fetcher = Fetcher(private_hosts=settings.PROOF_PRIVATE_HOSTS)
    try:
        reply = fetcher.send("GET", url, max_bytes=MAX_FILE_BYTES, seconds=FETCH_SECONDS)
    except (FetchFailedError, FetchRefusedError) as error:
        raise CodeHostUnavailableError(
            f"`{url}` cannot be fetched: {error.detail}", hint="Try again in a few minutes."
        ) from error
    if reply.status in _MISSING:
        return []
    if reply.status != 200:
        raise CodeHostUnavailableError(
            f"`{url}` cannot be fetched: the server returned status {reply.status}.",
            hint="Try again in a few minutes.",
        )
    return reply.body.decode("utf-8", "replace").splitlines()
