"""Cookies, headers and HTTPS."""

from __future__ import annotations

from config.env import get_env_bool
from config.settings.base import BASE_URL, IS_PRODUCTION
from config.settings.limits import TRUSTED_PROXIES

SESSION_ENGINE = "accounts.security.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.problems.handle_csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_TLS_REDIRECT = get_env_bool(
    "PLUGPORT_TLS_REDIRECT", "Redirect HTTP to HTTPS. Only in production.", default=True
)
if IS_PRODUCTION:
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = _TLS_REDIRECT
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^-/gateway/"]
    # Trusted only behind a proxy, which overwrites the header. Without one, any client could claim
    # to use HTTPS.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
