"""What secrets look like: the detectors, and what makes a hit an example rather than a secret.

Two sources with one shape. The house's own patterns need nothing; those of `detect-secrets`
(extra `scan`) are taken one by one: only formats with a fixed prefix or structure, none that
guesses from randomness, because a false alarm here refuses a release.
"""

from __future__ import annotations

import base64
import importlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

Finder = Callable[[str], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Detector:
    """Finds one sort of secret in a short piece of text.

    `trigger` is a cheap pattern, linear in the text, that occurs wherever `find` could succeed:
    texts without it are not searched. `find` yields the matching text.
    """

    rule: str
    what: str
    trigger: re.Pattern[str]
    find: Finder


LOGIN_URL = (
    r"://[^:/?#\[\]@\s]{0,200}:(?P<password>[^:/?#\[\]@\s]{1,200})@(?P<host>[^/\s\"'`)>?#]{0,200})"
)

# (module and class in detect_secrets.plugins, what it finds, trigger)
_FOREIGN: tuple[tuple[str, str, str], ...] = (
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

# (rule, what it finds, pattern, trigger): formats that the extra does not know, and three whose
# patterns there take quadratic time or cannot tell an example.
_OWN: tuple[tuple[str, str, str, str], ...] = (
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

# A header alone is documentation; with a body it is a key. `\\n`, quotes and `+` cover keys that
# were written into source strings. Possessive, so that no text can make it back up.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?>[A-Za-z-]{1,20}: [^\r\n]{0,80}\r?\n)|\\[rn]|[\s\"'+,]){0,40}+"
    r"(?P<body>[A-Za-z0-9+/=]{40})"
)
_PUTTY_HEADER = re.compile(r"^PuTTY-User-Key-File-[23]: ", re.MULTILINE)
_SAMPLE_SUBJECTS = {"1234567890", "user", "user123", "johndoe", "example", "test"}
# Gene sequences hold prefixes of cloud keys (`ACCA`) by the dozen.
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


def find_private_keys(text: str) -> Iterator[int]:
    """Find the offset of each private key in a whole text: keys span lines."""
    if "PRIVATE KEY" in text:
        for match in _PRIVATE_KEY.finditer(text):
            if not _SAMPLE.search(match["body"]):
                yield match.start()
    if "Private-Lines:" in text and (header := _PUTTY_HEADER.search(text)):
        yield header.start()


@lru_cache(maxsize=1)
def own_detectors() -> tuple[Detector, ...]:
    """Return the detectors that are always there."""
    return tuple(
        Detector(rule, what, re.compile(trigger), _make_finder([re.compile(pattern)]))
        for rule, what, pattern, trigger in _OWN
    )


@lru_cache(maxsize=1)
def foreign_detectors() -> tuple[Detector, ...]:
    """Return those of `detect-secrets`. Raises ImportError where the extra `scan` is missing.

    Their patterns are used, not their `analyze_string`, which gives only a part of most matches.
    """
    found = []
    for dotted, what, trigger in _FOREIGN:
        module, name = dotted.split(".")
        plugin = getattr(importlib.import_module(f"detect_secrets.plugins.{module}"), name)
        is_valid = getattr(plugin, "is_formally_valid", None)
        finder = _make_finder(list(plugin.denylist), is_valid)
        found.append(Detector("secret-token", what, re.compile(trigger), finder))
    return tuple(found)


def is_sample(value: str) -> bool:
    """Whether a found value is an example or a placeholder."""
    if value.startswith("eyJ"):
        return _is_sample_jwt(value)
    if value.startswith("://"):
        return _is_sample_url(value)
    return bool(_SAMPLE.search(value) or _GENES.match(value))


def _make_finder(
    patterns: Sequence[re.Pattern[str]], is_valid: Callable[[str], bool] | None = None
) -> Finder:
    def find(piece: str) -> Iterator[str]:
        for pattern in patterns:
            for match in pattern.finditer(piece):
                if is_valid is None or is_valid(match[0]):
                    yield match[0]

    return find


def _is_sample_url(value: str) -> bool:
    """Templates, words such as `password`, and hosts that only exist on paper or at home.

    A password that opens something has letters and digits; a plain word is documentation.
    """
    match = re.match(LOGIN_URL, value)
    if match is None:
        return False
    password, host = match["password"], match["host"]
    if password[0] in "$<{%*." or len(password) < 6 or _SAMPLE.search(password):
        return True
    if not (re.search(r"[A-Za-z]", password) and re.search(r"\d", password)):
        return True
    return "." not in host or _LOCAL_HOST.match(host) is not None


def _is_sample_jwt(token: str) -> bool:
    """Whether the token is one of those that documentation shows, by its subject."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, IndexError, RecursionError):
        return False
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return str(subject).lower() in _SAMPLE_SUBJECTS
