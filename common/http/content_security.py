"""The Content-Security-Policy of pages (CSP Level 3)."""

from __future__ import annotations

import base64
import hashlib

from django.conf import settings


def _build_style_source() -> str:
    """Return the CSP source that allows the inline style of outage pages (CSP Level 3, hashes)."""
    style = (settings.BASE_DIR / "templates" / "plain.css").read_bytes()
    return f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"


def _list_sign_in_origins() -> str:
    """Return the websites to which the forms of the sign-in page redirect."""
    urls = {"github": "https://github.com", "gitlab": settings.GITLAB_URL}
    return "".join(f" {urls[name]}" for name in settings.SOCIALACCOUNT_PROVIDERS)


CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {_build_style_source()};"
    " img-src 'self' data:;"
    f" font-src 'self'; connect-src 'self'; form-action 'self'{_list_sign_in_origins()}; base-uri 'none';"
    " frame-ancestors 'none'; manifest-src 'self'"
)
# Django's admin and Swagger UI set style attributes. The hash is replaced, not extended: browsers
# ignore 'unsafe-inline' in a policy that also lists a hash.
POLICY_WITH_INLINE_STYLE = CONTENT_SECURITY_POLICY.replace(_build_style_source(), "'unsafe-inline'")
