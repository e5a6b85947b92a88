"""Rate limits, and what a client may have in progress."""

from __future__ import annotations

from urllib.parse import quote

from config import backends
from config.env import get_env_int, get_env_networks, get_env_text
from config.settings.base import DATA_DIR, REDIS_URL

_ADDRESS = "client address (of IPv6 the first 64 bits)"
RATE_LIMITS = {
    "read": get_env_text(
        "PLUGPORT_LIMIT_READ", "120000/minute", f"Read requests per token or {_ADDRESS}."
    ),
    "write": get_env_text(
        "PLUGPORT_LIMIT_WRITE", "3000/minute", f"Write requests per token or {_ADDRESS}."
    ),
    "page": get_env_text(
        "PLUGPORT_LIMIT_PAGE", "12000/minute", f"Requests for pages and images per {_ADDRESS}."
    ),
    "scim": get_env_text(
        "PLUGPORT_LIMIT_SCIM",
        "12000/minute",
        "Requests of an identity provider for users and groups (SCIM) per token.",
    ),
    "publish": get_env_text("PLUGPORT_LIMIT_PUBLISH", "1200/minute", "Uploads per token."),
    "mint": get_env_text(
        "PLUGPORT_LIMIT_MINT",
        "60/minute",
        f"Identity tokens of CI jobs that are exchanged, per {_ADDRESS}.",
    ),
    "trusted-publisher": get_env_text(
        "PLUGPORT_LIMIT_TRUSTED_PUBLISHER",
        "60/hour",
        "Trusted publishers that an account adds. Each may cause two requests to its CI system.",
    ),
    "domain-check": get_env_text(
        "PLUGPORT_LIMIT_DOMAIN_CHECK",
        "20/hour",
        "Proofs of domains and scopes that an owner lets the registry check.",
    ),
    "denied": get_env_text(
        "PLUGPORT_LIMIT_DENIED",
        "300/minute",
        "Rejected tokens per client address. Prevents guessing of tokens.",
    ),
    "failed-sign-in": get_env_text(
        "PLUGPORT_LIMIT_FAILED_SIGN_IN",
        "10/hour",
        "Failed sign-ins with one name, or from one network, and refused identity tokens of one repository,"
        " that the audit log records.",
    ),
    "failed-sign-ins": get_env_text(
        "PLUGPORT_LIMIT_FAILED_SIGN_INS",
        "1000/hour",
        "Failed sign-ins of all together, and as many refused identity tokens, that the audit log records.",
    ),
    "device-login": get_env_text(
        "PLUGPORT_LIMIT_DEVICE_LOGIN",
        "60/hour",
        f"Programs that ask a person to sign them in (`plugport login`), per {_ADDRESS}.",
    ),
    "user-code": get_env_text(
        "PLUGPORT_LIMIT_USER_CODE",
        "30/hour",
        "Codes of programs that an account enters. Prevents guessing of codes.",
    ),
    "invitation": get_env_text(
        "PLUGPORT_LIMIT_INVITATION", "30/day", "Invitations to plugins that an account sends."
    ),
    "invitation-mail": get_env_text(
        "PLUGPORT_LIMIT_INVITATION_MAIL",
        "5/day",
        "Mails about invitations to one account. Further invitations are on its account page only.",
    ),
    "transfer": get_env_text(
        "PLUGPORT_LIMIT_TRANSFER",
        "10/day",
        "Plugins and scopes that an account offers to other owners. Each offer sends mails.",
    ),
    "claim": get_env_text(
        "PLUGPORT_LIMIT_CLAIM",
        "5/day",
        "Claims of an account to plugins and scopes of others. Each claim sends mails.",
    ),
    "decision-mail": get_env_text(
        "PLUGPORT_LIMIT_DECISION_MAIL",
        "6/hour",
        "Mails about decisions on releases to one account. Further decisions are in the next mail.",
    ),
}
TRUSTED_PROXIES = get_env_int(
    "PLUGPORT_TRUSTED_PROXIES",
    0,
    "Number of reverse proxies that append to X-Forwarded-For and set X-Forwarded-Proto. Needed behind"
    " TLS.",
)
UNLIMITED_NETWORKS = get_env_networks(
    "PLUGPORT_UNLIMITED_NETWORKS",
    "Networks or addresses of clients without limits for reads, writes, pages and requests in progress,"
    " comma-separated: mirrors, CI, monitoring. For example `192.0.2.0/24,2001:db8::/32`.",
)
GATEWAY_CACHE_MB = get_env_int(
    "PLUGPORT_CACHE_MB", 96, "Memory for cached responses, in MB.", min_value=1
)
REQUESTS_IN_PROGRESS = get_env_int(
    "PLUGPORT_LIMIT_REQUESTS", 256, f"Requests in progress per {_ADDRESS}.", min_value=1
)
UPLOADS_IN_PROGRESS = get_env_int(
    "PLUGPORT_LIMIT_UPLOADS", 16, f"Uploads in progress per {_ADDRESS}.", min_value=1
)
DOWNLOADS_IN_PROGRESS = get_env_int(
    "PLUGPORT_LIMIT_DOWNLOADS", 16, f"Downloads in progress per {_ADDRESS}.", min_value=1
)
RATE_LIMIT_STORAGE = REDIS_URL or (DATA_DIR / "rate-limits").as_uri()
# For limits of accounts, which requests from many networks must not displace.
COUNTER_STORAGE = REDIS_URL or f"sqlite://{quote(str(backends.get_counters_path(DATA_DIR)))}"
