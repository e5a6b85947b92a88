"""Every page of the portal, one example each."""

from __future__ import annotations

PLUGIN = "/plugins/@ar/slack-bridge"
# The names of the paths in `marketplace.urls`, each with an example or several.
PUBLIC = {
    "home": ["/"],
    "search": [
        "/search",
        "/search?q=bridge",
        "/search?q=slakc&trust=official&sort=name",
        "/search?q=no-such-plugin",
    ],
    "featured": ["/featured"],
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
    "security": [f"{PLUGIN}/security"],
    "stats": [f"{PLUGIN}/stats"],
    "release": [f"{PLUGIN}/1.0.0"],
    "release-dependencies": [f"{PLUGIN}/1.0.0/dependencies"],
    "release-files": [f"{PLUGIN}/1.0.0/files"],
    "release-file": [f"{PLUGIN}/1.0.0/files/README.md"],
    "release-security": [f"{PLUGIN}/2.0.0-beta.1/security"],
    "docs": ["/docs"],
    "docs-api": ["/docs/api"],
    "docs-design": ["/docs/design"],
    "docs-errors": ["/docs/errors"],
    "docs-page": ["/docs/manifest", "/docs/cli"],
    "docs-publish": ["/publish"],
    "account_login": ["/login"],
    "account_signup": ["/signup"],
    "account_reset_password": ["/password/reset"],
    "account_reset_password_done": ["/password/reset/sent"],
    "account_reset_password_from_key": ["/password/reset/key/1-out-of-date"],
    "account_reset_password_from_key_done": ["/password/reset/done"],
    "account_inactive": ["/account/inactive"],
    "not found": ["/nowhere", "/plugins/slack-brigde"],
}
PRIVATE = {
    "account": ["/account"],
    "tokens": ["/account/tokens"],
    "account_logout": ["/logout"],
    "account_change_password": ["/account/password"],
}
# Looked at in `test_trouble.py`.
TROUBLE = {"publication"}
# No pages of ours: files for machines, steps in between, and Swagger's own page.
OTHERS = {
    "search-note",
    "docs-publish-moved",
    "raw",
    "image",
    "revoke-token",
    "docs-api-try",
}
