"""Routes whose URLs contain a secret, and their removal from texts that are logged (CWE-532).

A key that resets a password is worth as much as the password while it is valid, and access logs are
kept longer and read by more people than mails. `deploy/nginx.conf` has the same list.
"""

from __future__ import annotations

import re

# The first segments of each path. Everything after them, up to the query, is the secret.
SECRET_PATHS = ("/password/reset/key/", "/account/email/key/", "/organizations/invitations/")

# Slashes can be percent-encoded: in a query (`?next=…`), or by a client.
_PATTERN = re.compile(
    "("
    + "|".join(re.escape(path).replace("/", "(?:/|%2F)") for path in SECRET_PATHS)
    + r")[^\s\"'<>?&]+",
    re.IGNORECASE,
)


def redact_secret_paths(text: str) -> str:
    """Replace the secret part of every such path in the text by `…`."""
    return _PATTERN.sub(r"\1…", text)
