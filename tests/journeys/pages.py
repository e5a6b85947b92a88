"""Every page of the portal by the name of its URL pattern. Add new pages here.

`test_every_page` opens the examples, and fails for a path that no list names.
"""

from __future__ import annotations

PLUGIN = "/plugins/@ar/slack-bridge"
# Anyone may open these: the name of the path with one or more examples.
PUBLIC = {
    "home": ["/"],
    "search": [
        "/search",
        "/search?q=bridge",
        "/search?q=slakc&trust=official&sort=name",
        "/search?q=no-such-plugin",
    ],
    "featured": ["/featured"],
    "contact": ["/contact"],
    "categories": ["/categories"],
    "category": ["/categories/communication"],
    "tags": ["/tags"],
    "tag": ["/tags/chat"],
    "user": ["/users/author"],
    "scope": ["/@ar"],
    "plugin": [PLUGIN, "/plugins/simple-webhook"],
    "versions": [f"{PLUGIN}/versions"],
    "dependencies": [f"{PLUGIN}/dependencies"],
    "dependents": [f"{PLUGIN}/dependents"],
    "files": [f"{PLUGIN}/files"],
    "file": [f"{PLUGIN}/files/ar-plugin.yaml"],
    "compare": [f"{PLUGIN}/compare?from=1.1.0&to=2.0.0-beta.1&file=src/index.mjs"],
    "sessions": ["/account/sessions"],
    "security": [f"{PLUGIN}/security"],
    "stats": [f"{PLUGIN}/stats"],
    "owners": [f"{PLUGIN}/owners"],
    "release": [f"{PLUGIN}/1.0.0"],
    "release-dependencies": [f"{PLUGIN}/1.0.0/dependencies"],
    "release-files": [f"{PLUGIN}/1.0.0/files"],
    "release-file": [f"{PLUGIN}/1.0.0/files/README.md"],
    "release-security": [f"{PLUGIN}/2.0.0-beta.1/security"],
    "docs": ["/docs", "/docs?q=yank+release", "/docs?q=nothinglikeit"],
    "docs-api": ["/docs/api"],
    "docs-design": ["/docs/design"],
    "docs-errors": ["/docs/errors"],
    "docs-page": ["/docs/manifest", "/docs/cli", "/docs/terms"],
    "docs-publish": ["/publish"],
    "docs-get": ["/install"],
    "account_login": ["/login"],
    "account_signup": ["/signup"],
    "account_signup_by_passkey": ["/signup/passkey"],
    "account_reset_password": ["/password/reset"],
    "account_reset_password_done": ["/password/reset/sent"],
    "account_reset_password_from_key": ["/password/reset/key/1-out-of-date"],
    "account_reset_password_from_key_done": ["/password/reset/done"],
    "account_inactive": ["/account/inactive"],
    "status": ["/status"],
    "not found": ["/nowhere", "/plugins/slack-brigde"],
}
PRIVATE = {
    "account": ["/account"],
    "email": ["/account/email"],
    "tokens": ["/account/tokens"],
    "confirm": ["/account/confirm"],
    "security": ["/account/security"],
    "authenticator-app": ["/account/security/app"],
    "new-passkey": ["/account/security/passkeys/new"],
    "recovery-codes": ["/account/security/recovery-codes"],
    "account_set_password": ["/account/password/new"],
    "scopes": ["/account/scopes"],
    "account_logout": ["/logout"],
    "account_change_password": ["/account/password"],
}
# `test_trouble.py` opens these.
TROUBLE = {
    "publication",
    "publication-readme",
    "publication-files",
    "publication-file",
    "publication-compare",
    "publication-manifest",
}
# Not pages: files for programs, redirects, form targets, and the page that Swagger UI draws.
OTHERS = {
    "search-record",
    "docs-publish-moved",
    "client-projects",
    "client-files",
    "client-wheel",
    "client-moved",
    "client-files-moved",
    "release-image",
    "publication-image",
    "publication-package",
    "remote-image",
    "revoke-token",
    "regenerate-token",
    "remove-factor",
    "end-session",
    # Steps of a sign-in, which lead back to its start without one.
    "confirm-device",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "mfa_signup_webauthn",
    "accept-invitation",
    "decline-invitation",
    "verify-email",
    "docs-api-try",
}
