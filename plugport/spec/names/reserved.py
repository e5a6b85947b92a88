"""Reserved names: paths of a registry, well-known tools, and words with a special meaning."""

from __future__ import annotations

from plugport.spec.names.confusables import fold_part
from plugport.spec.names.errors import ReservedNameError
from plugport.spec.names.model import PluginName

_GROUPS = {
    "a path of the registry": """
        about account accounts admin advisories advisory api app apps assets attestations audit
        auth badge badges billing blog browse callback categories category changelog checks compare
        complete compliance config contact cookies dashboard dependents deprecated diff discover
        docs download downloads e errors events explore favicon favicon.ico featured feed feeds
        files graphql health healthz help home hooks images index inbox index.html install
        integrity invitations invite jobs journal kinds latest legal licence license livez login
        logout logs manage manifest me media metrics mirror mirrors moderation moderator my new
        notifications oauth oidc official openapi organisation organisations organization
        organizations orgs owners password plans plugin plugins popular pricing privacy profile
        publish publisher publishers readme ready readyz recent redoc register registries registry
        release releases remotes report reports reset review reviews robots.txt rss saml schema
        scope scopes search security security.txt session sessions settings signin signout signup
        sitemap.xml sso static stats status submit support swagger tag tags team teams terms token
        tokens trending trust unpublish updates upload uploads user users v1 v2 verify version
        versions webhook webhooks well-known widget www yank
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
    # Windows cannot create folders with these names, and plugins are unpacked there too.
    "a device name on Windows": """
        aux con nul prn com0 com1 com2 com3 com4 com5 com6 com7 com8 com9
        lpt0 lpt1 lpt2 lpt3 lpt4 lpt5 lpt6 lpt7 lpt8 lpt9
    """,
}
_REASONS = {name: reason for reason, names in _GROUPS.items() for name in names.split()}
_BY_KEY = {fold_part(name): name for name in reversed(_REASONS)}

RESERVED_NAMES: frozenset[str] = frozenset(_REASONS)


def check_reserved(name: PluginName) -> None:
    """Check an unscoped name, or the scope of a scoped one, against the reserved names.

    The name inside a scope is not restricted. Raises `ReservedNameError` for a reserved name or one
    that looks like it.
    """
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
