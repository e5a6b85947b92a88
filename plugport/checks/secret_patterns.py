"""Patterns of secrets, and rules that tell examples from real secrets.

Built-in patterns have no dependencies. Those of `detect-secrets` (extra `scan`) are selected one by
one: only formats with a fixed prefix or structure. Entropy-based detectors are not used, because a
false positive rejects a release.
"""

from __future__ import annotations

import base64
import importlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

Finder = Callable[[str], Iterable[str]]


class Detector(Struct, frozen=True):
    """Finds one kind of secret in a short piece of text.

    `trigger` is a fast, linear pattern that matches wherever `find` can match; texts without it are
    not searched. `find` yields the matching text.
    """

    rule: str
    what: str
    trigger: re.Pattern[str]
    find: Finder


LOGIN_URL = (
    r"://[^:/?#\[\]@\s]{0,200}:(?P<password>[^:/?#\[\]@\s]{1,200})@(?P<host>[^/\s\"'`)>?#]{0,200})"
)

# (module and class in detect_secrets.plugins, description, trigger)
_DETECT_SECRETS_PLUGINS: tuple[tuple[str, str, str], ...] = (
    ("aws.AWSKeyDetector", "an AWS key", r"A3T|ABIA|ACCA|AKIA|ASIA|(?i:aws)"),
    ("azure_storage_key.AzureStorageKeyDetector", "an Azure storage key", "AccountKey="),
    ("discord.DiscordBotTokenDetector", "a Discord bot token", r"\.[\w-]{6}\."),
    ("github_token.GitHubTokenDetector", "a GitHub token", "gh[pousr]_"),
    ("gitlab_token.GitLabTokenDetector", "a GitLab token", "gl[a-z]{2,5}-|GR1348941"),
    ("jwt.JwtTokenDetector", "a JSON Web Token", "eyJ"),
    ("mailchimp.MailchimpDetector", "a Mailchimp key", r"-us\d"),
    ("pypi_token.PypiTokenDetector", "a Python index token", "pypi-"),
    ("sendgrid.SendGridDetector", "a SendGrid key", r"SG\."),
    ("slack.SlackDetector", "a Slack token", r"(?i:xox)|(?i:hooks\.slack\.com)"),
    ("square_oauth.SquareOAuthDetector", "a Square secret", "sq0csp-"),
    ("stripe.StripeDetector", "a Stripe key", "[rs]k_live_"),
    ("telegram_token.TelegramBotTokenDetector", "a Telegram bot token", r"\d{8}:[\w-]{35}"),
    ("twilio.TwilioKeyDetector", "a Twilio key", "(?:AC|SK)[a-z0-9]{32}"),
)

# (rule, description, pattern, trigger): formats that detect-secrets lacks, and three whose patterns
# there take quadratic time or match examples.
_BUILTIN_PATTERNS: tuple[tuple[str, str, str, str], ...] = (
    ("secret-in-url", "a password in a URL", LOGIN_URL, "://"),
    ("secret-token", "a GitHub token", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", "github_pat_"),
    ("secret-token", "a Slack token", r"xapp-\d-[A-Z0-9]{8,}-\d{8,}-[a-f0-9]{32,}", "xapp-"),
    ("secret-token", "an npm token", r"\bnpm_[A-Za-z0-9]{36}\b", "npm_"),
    ("secret-token", "an npm token", r":_authToken=\s{0,8}[A-Fa-f0-9-]{36}", ":_authToken="),
    ("secret-token", "an Anthropic key", r"sk-ant-(?:api|admin)\d\d-[\w-]{80,120}", "sk-ant-"),
    ("secret-token", "an OpenAI key", r"[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}", "T3BlbkFJ"),
    ("secret-token", "an OpenAI key", r"\bsk-proj-[\w-]{60,200}", "sk-proj-"),
    ("secret-token", "a Google API key", r"\bAIza[\w-]{35}(?![\w-])", "AIza"),
    ("secret-token", "a Hugging Face token", r"\bhf_[A-Za-z]{34}\b", "hf_"),
    ("secret-token", "a Stripe webhook secret", r"\bwhsec_[A-Za-z0-9]{32,64}\b", "whsec_"),
)  # fmt: skip

# A header without a body is documentation. `\\n`, quotes and `+` match keys in string literals. The
# possessive quantifiers prevent backtracking (CWE-1333).
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?>[A-Za-z-]{1,20}: [^\r\n]{0,80}\r?\n)|\\[rn]|[\s\"'+,]){0,40}+"
    r"(?P<body>[A-Za-z0-9+/=]{40})"
)
_PUTTY_HEADER = re.compile(r"^PuTTY-User-Key-File-[23]: ", re.MULTILINE)
_SAMPLE_SUBJECTS = {"1234567890", "user", "user123", "johndoe", "example", "test"}
# Gene sequences contain many prefixes of cloud keys (`ACCA`).
_GENES = re.compile(r"[ACGTN]+\Z")
_SAMPLE = re.compile(
    r"example|sample|dummy|placeholder|changeme|your[-_]?|redacted|(?:xxx){2}|fake|test[-_]?key"
    r"|(.)\1{7}|0123456789|abcdefghij",
    re.IGNORECASE,
)
_LOCAL_HOST = re.compile(
    r"localhost|127\.|0\.0\.0\.0|\[?::1|host\b|(?:[\w.-]+\.)?(?:example|test|invalid|local|localhost)(?:\.(?:com|org|net))?(?::|\Z)",
    re.IGNORECASE,
)


def iter_private_keys(text: str) -> Iterator[int]:
    """The offset of each private key. Needs the complete text, because keys span lines."""
    if "PRIVATE KEY" in text:
        for match in _PRIVATE_KEY.finditer(text):
            if not _SAMPLE.search(match["body"]):
                yield match.start()
    if "Private-Lines:" in text and (header := _PUTTY_HEADER.search(text)):
        yield header.start()


@lru_cache(maxsize=1)
def build_builtin_detectors() -> tuple[Detector, ...]:
    """The detectors without dependencies."""
    return tuple(
        Detector(rule, what, re.compile(trigger), _build_finder([re.compile(pattern)]))
        for rule, what, pattern, trigger in _BUILTIN_PATTERNS
    )


@lru_cache(maxsize=1)
def load_detect_secrets_detectors() -> tuple[Detector, ...]:
    """The detectors of `detect-secrets`. Raises ImportError if the extra `scan` is not installed.

    Uses their patterns instead of `analyze_string`, which returns only a part of most matches.
    """
    detectors = []
    for dotted, what, trigger in _DETECT_SECRETS_PLUGINS:
        module, name = dotted.split(".")
        plugin = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)
        is_valid = getattr(plugin, "is_formally_valid", None)
        finder = _build_finder(list(plugin.denylist), is_valid)
        detectors.append(Detector("secret-token", what, re.compile(trigger), finder))
    return tuple(detectors)


def is_sample(value: str) -> bool:
    """Whether a match is an example or a placeholder."""
    if value.startswith("eyJ"):
        return _is_sample_jwt(value)
    if value.startswith("://"):
        return _is_sample_url(value)
    return bool(_SAMPLE.search(value) or _GENES.match(value))


def _build_finder(
    patterns: Sequence[re.Pattern[str]], is_valid: Callable[[str], bool] | None = None
) -> Finder:
    def find(piece: str) -> Iterator[str]:
        for pattern in patterns:
            for match in pattern.finditer(piece):
                if is_valid is None or is_valid(match[0]):
                    yield match[0]

    return find


def _is_sample_url(value: str) -> bool:
    """Whether a URL has a template, a word such as `password`, or an example or local host.

    Only passwords with letters and digits count as real; a plain word is documentation.
    """
    match = re.match(LOGIN_URL, value)
    if match is None:
        return False
    password, host = match["password"], match["host"]
    if password[0] in "$<{%*." or len(password) < 6 or _SAMPLE.search(password):
        return True
    if not (re.search(r"[A-Za-z]", password) and re.search(r"\d", password)):
        return True
    has_domain = "." in host or host.startswith("[")
    return not has_domain or _LOCAL_HOST.match(host) is not None


def _is_sample_jwt(token: str) -> bool:
    """Whether the subject of a token is one that documentation uses."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError, RecursionError):
        return False
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return str(subject).lower() in _SAMPLE_SUBJECTS
