"""Reserved names: paths of a registry, well-known tools, and words with a special meaning."""

from __future__ import annotations

from plugport.spec.device_names import DEVICE_NAMES, find_device_name
from plugport.spec.names.confusables import fold_part
from plugport.spec.names.errors import ReservedNameError
from plugport.spec.names.model import PluginName
from plugport.spec.names.validation import is_part

_GROUPS = {
    "a path of the registry": """
        about account accounts admin adoption advisories advisory api app apps assets attestations audit
        auth badge badges billing blog browse callback cards categories category changelog checks claims compare
        complete compliance config contact cookies dashboard dependencies dependents deprecated diff discover
        docs download downloads e errors events explore favicon favicon.ico featured feed feeds
        files graphql health healthz help home hooks images index inbox index.html install
        integrity invitations invite jobs journal kinds latest legal licence license livez llms.txt login
        logout logs manage manifest me media metrics mirror mirrors moderation moderator my new
        notifications oauth oidc official openapi organisation organisations organization
        organizations orgs owners password plans plugin plugins popular pricing privacy profile
        publication publications publish publisher publishers publishing readme ready readyz recent redoc register registries registry
        release releases remotes report reports reset review reviews robots.txt rss saml schema scim
        scope scopes search security security.txt session sessions settings signin signout signup
        simple sitemap.xml sitemaps sso static stats status submit support swagger tag tags team teams terms token
        tokens transfer transfers trending trust trusted-publishers unpublish updates upload uploads user users v1 v2 verify version
        versions visibility webhook webhooks well-known widget www yank
    """,
    "a well-known tool": """
        plugport plugport-cli plugport-server apt brew bun bundler bunx cargo choco composer conda
        cpan deno dnf gem git go gradle maven node node-modules nodejs npm npx nuget nvm pacman pip
        pipx pnpm poetry pypi pyenv python python2 python3 ruby rustc rustup snap svn sudo uv uvx
        winget yarn yum
    """,
    "a word with a special meaning": """
        root system anonymous nobody everyone everybody moderators administrator administrators
        staff owner maintainer null none nil undefined nan true false yes no on off test example
        localhost constructor prototype proto unknown deleted all any default self this
    """,
}
_REASONS = {name: reason for reason, names in _GROUPS.items() for name in names.split()}
# Windows cannot create folders with these names, and plugins are unpacked there too. Those that
# are no valid names of plugins, such as `conin$`, need no reservation.
_REASONS |= {name: "a device name on Windows" for name in DEVICE_NAMES if is_part(name)}
# The words that follow the name of a plugin in addresses. `/plugins/acme/files` is a page of the
# plugin `acme`, so that there can be no `@acme/files`. A test compares them with the URLs.
PLUGIN_PATH_WORDS = frozenset(
    [
        "adoption",
        "compare",
        "dependencies",
        "dependents",
        "files",
        "owners",
        "publishing",
        "readme",
        "security",
        "stats",
        "transfer",
        "trusted-publishers",
        "versions",
        "visibility",
    ]
)
_BY_KEY = {fold_part(name): name for name in reversed(_REASONS)}

RESERVED_NAMES: frozenset[str] = frozenset(_REASONS)


def check_reserved(name: PluginName) -> None:
    """Check an unscoped name, or the scope of a scoped one, against the reserved names.

    Inside a scope only the words of `PLUGIN_PATH_WORDS` and the names of devices are reserved. Raises
    `ReservedNameError` for a reserved name or one that looks like it, and for a device name with an
    extension, such as `nul.tool`.
    """
    for part in (name.scope, name.name):
        device = find_device_name(part or "")
        if device is not None and part != device:
            raise ReservedNameError(
                f"`{part}` is reserved: with any extension, `{device}` is a device name on Windows.",
                hint="Choose a name whose part before the first dot is no device name.",
                context={"name": str(name), "reserved": device},
            )
    _check_name_in_scope(name)
    part, what = (name.name, "name") if name.scope is None else (name.scope, "scope")
    reserved = part if part in _REASONS else _BY_KEY.get(fold_part(part))
    if reserved is None:
        return
    reason = "it is" if reserved == part else f"it looks like `{reserved}`,"
    raise ReservedNameError(
        f"the {what} `{part}` is reserved: {reason} {_REASONS[reserved]}.",
        hint="Choose another name, or publish it in your scope: `@scope/name`.",
        context={"name": str(name), "reserved": reserved},
    )


def _check_name_in_scope(name: PluginName) -> None:
    if name.scope is None:
        return
    if name.name in PLUGIN_PATH_WORDS:
        reason = f"`/plugins/{name.scope}/{name.name}` is a page of the plugin `{name.scope}`"
    elif find_device_name(name.name):
        reason = "it is a device name on Windows"
    else:
        return
    raise ReservedNameError(
        f"the name `{name}` is reserved: {reason}.",
        hint="Choose another name.",
        context={"name": str(name), "reserved": name.name},
    )
