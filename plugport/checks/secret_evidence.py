"""How strongly a password in a URL suggests a leak.

Documents teach with URLs of internal hosts far more often than they leak them, while a password for a
public host can be used by everybody. So the host decides first, then the place of the text and
the password. Private keys and tokens of providers have no such degrees: they are secrets everywhere.

| host | place or password | rule | decision |
| --- | --- | --- | --- |
| public | any | `secret-in-url` | reject |
| internal | any other | `secret-possible` | hold |
| internal | documentation, example or test; or a password of common words | `secret-example` | publish |
| local, reserved (`*.example`), without a dot | any | none | publish |
"""

from __future__ import annotations

import ipaddress
import re

from plugport.checks.secret_patterns import LOGIN_URL

_LOGIN_URL = re.compile(LOGIN_URL)
# Names that no public name server has: RFC 6762 (appendix G), RFC 8375, and `.internal`, which
# ICANN reserved for private use.
_INTERNAL_HOST = re.compile(
    r"(?:[\w-]+\.)+(?:internal|intranet|private|corp|home|lan|home\.arpa)\Z", re.IGNORECASE
)
_DOCUMENT = re.compile(r"\.(?:md|mdx|markdown|rst|adoc|asciidoc)\Z", re.IGNORECASE)
_EXAMPLE_FILE = re.compile(
    r"[._-](?:example|sample|template|dist|tmpl)(?:\.\w+)?\Z|(?:\A|[._-])(?:test|spec)s?(?:[._-]|\Z)",
    re.IGNORECASE,
)
_EXAMPLE_FOLDERS = frozenset(
    [
        "doc",
        "docs",
        "documentation",
        "example",
        "examples",
        "sample",
        "samples",
        "demo",
        "demos",
        "test",
        "tests",
        "spec",
        "specs",
        "__tests__",
        "fixture",
        "fixtures",
        "testdata",
        "tutorial",
        "tutorials",
        "references",
    ]
)
# Words that a person writes for a password in an example. Atomic, so that `password` is not also
# tried as `pass` and `word`: a long text of such words would take exponential time (CWE-1333).
_COMMON_PASSWORD = re.compile(
    r"(?>passwords?|passwd|passphrase|pass|pwd|secret|super|hunter|admin|root|user|login|letmein"
    r"|welcome|qwerty|guest|default|correct|horse|battery|staple|tiger|monkey|dragon|foo|bar|baz"
    r"|abc|my|your|the|very|strong|weak|hello|world|change|please|insecure|prod|dev|db|database"
    r"|postgres|mysql|redis|mongo|app|service|deploy|p4ssw0rd|p[a@]ssw[o0]rd|s3cr3t|[\d_.!@#$%-]+)++\Z",
    re.IGNORECASE,
)


def select_url_rule(url: str, path: str) -> str:
    """Return the rule for a password in a URL, which is no sample, in the file at `path`."""
    match = _LOGIN_URL.match(url)
    if match is None or not is_internal_host(match["host"]):
        return "secret-in-url"
    if is_example_path(path) or _COMMON_PASSWORD.match(match["password"]):
        return "secret-example"
    return "secret-possible"


def is_internal_host(host: str) -> bool:
    """Whether only machines of one network can reach the host, which may have a port."""
    name = (
        host.rsplit("]", 1)[0].removeprefix("[")
        if host.startswith("[")
        else host.split(":", maxsplit=1)[0]
    )
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return _INTERNAL_HOST.match(name.rstrip(".,;")) is not None
    return not address.is_global


def is_example_path(path: str) -> bool:
    """Whether a file is documentation, an example or a test, by its name and folders."""
    *folders, name = path.split("/")
    return (
        bool(_DOCUMENT.search(name) or _EXAMPLE_FILE.search(name))
        or "readme" in name.lower()
        or any(folder.lower() in _EXAMPLE_FOLDERS for folder in folders)
    )
