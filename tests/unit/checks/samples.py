"""Fake secrets in the formats of real ones, assembled at run time.

None of them appears in this file as it would in a package, so that secret scanners do not report this
repository.
"""

from __future__ import annotations

import base64
import json

LETTERS = "qWe7RtY2uIo9PaS4dFg6HjK1lZx8CvB3nM5qLwErTyUiOpAsDfGhJkLzXcVbNm" * 3
HEX = "9f3a7c1e5b8d2046e1c7a95b3d8f0a6c4e2b7d19" * 3


def encode(value: object) -> str:
    """Encode a part of a JSON Web Token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def private_key(label: str = "RSA ") -> str:
    """Return a PEM block with that label and a random body."""
    body = "\n".join(LETTERS[n : n + 64] for n in (0, 11, 23))
    return f"-----BEGIN {label}PRIVATE KEY-----\n{body}\n-----END {label}PRIVATE KEY-----\n"


def jwt(subject: str) -> str:
    """Return a token with the given subject and a random signature."""
    return f"{encode({'alg': 'HS256'})}.{encode({'sub': subject})}.{LETTERS[:43]}"


# by their name in the finding
OWN_FORMATS = {
    "a password in a URL": "postgres" + "://app:" + "s3cretive9" + "@db.harbor.io/live",
    "a GitHub token": "github" + "_pat_" + LETTERS[:22] + "_" + LETTERS[:59],
    "a Slack token": "xapp" + "-1-A0B1C2D3E4-" + "48219375610" + "-" + HEX[:64],
    "an npm token": "npm" + "_" + LETTERS[:36],
    "an Anthropic key": "sk" + "-ant-api03-" + LETTERS[:95],
    "an OpenAI key": "sk" + "-proj-" + LETTERS[:80],
    "a Google API key": "AI" + "za" + LETTERS[:35],
    "a Stripe webhook secret": "whs" + "ec_" + LETTERS[:32],
}
FOREIGN_FORMATS = {
    "an AWS key": "AK" + "IA" + "Q7ZX2M9LW4TB6N1C",
    "a Discord bot token": "M" + LETTERS[:24] + "." + LETTERS[3:9] + "." + LETTERS[:27],
    "a GitHub token": "gh" + "p_" + LETTERS[:36],
    "a GitLab token": "gl" + "pat-" + LETTERS[:20],
    "a JSON Web Token": jwt("4f81-billing"),
    "a Mailchimp key": HEX[:32] + "-us" + "14",
    "a SendGrid key": "S" + "G." + LETTERS[:22] + "." + LETTERS[:43],
    "a Slack token": "xo" + "xb-481937561048-" + LETTERS[:24].lower(),
    "a Stripe key": "sk" + "_live_" + LETTERS[:24],
    "a Telegram bot token": "48219375" + ":" + LETTERS[:35],
    "a Python index token": "py" + "pi-AgEIcHlwaS5vcmc" + LETTERS[:80],
}
