"""Which names of domains can belong to an owner, and in which form they are stored."""

from __future__ import annotations

import ipaddress

import idna
from publicsuffixlist import PublicSuffixList

from accounts.domains.errors import DomainNameError
from common.once import built_once
from plugport.spec.errors import FieldError
from plugport.spec.text import quote_text

CHALLENGE_LABEL = "_plugport-challenge"
# RFC 1035 allows 253 characters, and the name of the challenge has to fit.
MAX_DOMAIN_CHARS = 253 - len(CHALLENGE_LABEL) - 1
_MAX_INPUT_CHARS = 1_000
# Everybody can have an address there, so that an address says nothing about an organization.
MAIL_PROVIDERS = frozenset(
    {
        *("126.com", "163.com", "aol.com", "duck.com", "fastmail.com", "free.fr", "gmail.com"),
        *("gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hey.com", "hotmail.com", "icloud.com"),
        *("live.com", "mac.com", "mail.com", "mail.ru", "mailbox.org", "me.com", "msn.com"),
        *("naver.com", "orange.fr", "outlook.com", "pm.me", "posteo.de", "proton.me"),
        *("protonmail.com", "qq.com", "t-online.de", "tuta.com", "tutanota.com", "web.de"),
        *("yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.de", "yahoo.fr", "yandex.com"),
        *("yandex.ru", "ymail.com", "zoho.com"),
    }
)


def parse_domain(text: str) -> str:
    """The name in lower case with A-labels (RFC 5891), without a final dot.

    Refused are names without a dot, addresses, public suffixes (`com`, `co.uk`, `github.io`) and the
    domains of mail providers: nobody owns them alone. A top-level domain that the list of public
    suffixes does not have, such as one of a private network, counts as one. Raises `DomainNameError`.
    """
    stripped = text.strip()
    if len(stripped) > _MAX_INPUT_CHARS:
        raise _build_error(
            f"It has {len(stripped)} characters; at most {MAX_DOMAIN_CHARS} are allowed."
        )
    name = fold_domain(stripped)
    if name is None:
        raise _build_error(
            f"{quote_text(stripped)} is not the name of a domain. Allowed are letters, digits and hyphens,"
            " with dots between: `example.com`."
        )
    if "." not in name:
        raise _build_error(f"`{name}` has no dot.")
    if len(name) > MAX_DOMAIN_CHARS:
        raise _build_error(
            f"It has {len(name)} characters; at most {MAX_DOMAIN_CHARS} are allowed."
        )
    if name in MAIL_PROVIDERS:
        raise _build_error(f"`{name}` belongs to a mail provider.")
    if _get_suffixes().privatesuffix(name) is None:
        raise _build_error(f"Under `{name}`, everybody can have a domain.")
    return name


def fold_domain(text: str) -> str | None:
    """The name in lower case with A-labels, None if it is no host name. Never raises."""
    name = text.removesuffix(".")
    try:
        # UTS 46 maps capital letters and look-alike dots as browsers do.
        encoded = idna.encode(name, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError, IndexError):
        return None
    try:
        ipaddress.ip_address(encoded)
    except ValueError:
        # The last label of an IPv4 address in other notations is a number too (WHATWG URL).
        return None if encoded.rpartition(".")[2].isdecimal() else encoded
    return None


@built_once
def _get_suffixes() -> PublicSuffixList:
    """Parsing the list takes a tenth of a second."""
    return PublicSuffixList()


def _build_error(detail: str) -> DomainNameError:
    return DomainNameError(
        f"The domain cannot be proven. {detail}", fields=[FieldError("domain", detail)]
    )
