"""What an account may do."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Collection
from enum import Enum

from django.conf import settings

from accounts.domains.errors import DomainDeniedError
from accounts.errors import (
    AccountDeniedError,
    EmailNotVerifiedError,
    IssuerDeniedError,
    LastOrganizationOwnerError,
    MfaRequiredError,
    OrganizationFactorError,
    OrganizationRightError,
    OrganizationSsoError,
    TokenAddressError,
    TokenScopeError,
)
from accounts.hooks.ownership import find_owned_names
from accounts.models import (
    Organization,
    OrganizationMember,
    OrganizationRole,
    Owner,
    Token,
    User,
)
from accounts.security.memberships import build_membership_condition, build_reached_condition
from accounts.sso.errors import SsoRequiredError, UnknownConnectionError
from accounts.sso.ways_in import has_provider_account, is_break_glass_account
from common.http.networks import is_in_networks
from plugport.spec.names import PluginName


class OrganizationRight(Enum):
    """What a role in an organization may allow. The value completes the sentence of the error."""

    SEE_MEMBERS = "see the members and teams"
    MANAGE_PEOPLE = "invite, change and remove members, teams and robots"
    MANAGE_OWNERS = "make owners, and decide about owners and the teams with the rights of owners"
    MANAGE_PROPERTY = "edit the organization, and create or give away its scopes and plugins"


_ALL = frozenset(OrganizationRight)
# The rights of each role. Those in plugins are in `registry.policies`.
ORGANIZATION_RIGHTS = {
    OrganizationRole.OWNER: _ALL,
    OrganizationRole.MANAGER: frozenset(
        {OrganizationRight.SEE_MEMBERS, OrganizationRight.MANAGE_PEOPLE}
    ),
    OrganizationRole.MEMBER: frozenset({OrganizationRight.SEE_MEMBERS}),
    OrganizationRole.BILLING: frozenset({OrganizationRight.SEE_MEMBERS}),
}


def list_organization_rights(
    actor: User | None, organization: Organization
) -> frozenset[OrganizationRight]:
    """The rights of the actor in the organization: 1 query, none for strangers and operators.

    Operators have all: they find owners for abandoned organizations.
    """
    if actor is None or organization.deleted_at is not None:
        return frozenset()
    if actor.session_of not in (None, organization.pk):
        return frozenset()
    if is_operator(actor):
        return _ALL
    condition = build_membership_condition(actor)
    rows = OrganizationMember.objects.filter(condition, organization=organization)
    role = rows.values_list("role", flat=True).first()
    return frozenset() if role is None else ORGANIZATION_RIGHTS[OrganizationRole(role)]


def check_organization_right(
    actor: User, organization: Organization, right: OrganizationRight
) -> None:
    """Raise `OrganizationRightError` unless the role of the actor allows it: at most 1 query.

    1 more for a member whose rights do not count: `OrganizationFactorError` or `OrganizationSsoError`.
    """
    if right not in list_organization_rights(actor, organization):
        check_rights_count(actor, organization)
        roles = [role for role, rights in ORGANIZATION_RIGHTS.items() if right in rights]
        who = "members" if len(roles) > 2 else " and ".join(f"{role}s" for role in roles)
        raise OrganizationRightError(
            f"Only {who} of `{organization.name}` may {right.value}.",
            hint="Ask an owner of the organization.",
        )


# What a member may need so that its rights count.
MISSING_FACTOR, MISSING_SSO = "second-factor", "single-sign-on"


def get_missing(organization: Organization) -> str:
    """What a member needs whose rights in the organization do not count."""
    # In a session of single sign-on, second factors are the provider's.
    return MISSING_SSO if organization.sso_only else MISSING_FACTOR


def find_missing(actor: User, organization: Organization) -> str:
    """What the actor needs so that its rights as a member count, "" if they do, and for others.

    At most 1 query, none where the organization requires nothing that the actor lacks.
    """
    lacks_factor = organization.requires_second_factor and not actor.has_second_factor
    if not (lacks_factor or organization.sso_only):
        return ""
    rows = organization.memberships.filter(build_reached_condition(actor))
    is_without = rows.exclude(build_membership_condition(actor)).exists()
    return get_missing(organization) if is_without else ""


def check_rights_count(actor: User, organization: Organization) -> None:
    """Raise `OrganizationSsoError` or `OrganizationFactorError`, which name the account, if `find_missing`."""
    missing = find_missing(actor, organization)
    name, account = organization.name, actor.username
    if missing == MISSING_SSO:
        raise OrganizationSsoError(
            f"The rights of `{account}` in `{name}` count in sessions of its single sign-on only.",
            hint=f"Sign in with it: {settings.BASE_URL}/sso. Programs use tokens of robots.",
        )
    if missing == MISSING_FACTOR:
        raise OrganizationFactorError(
            f"`{name}` requires a second factor, and the account `{account}` has none: its rights in"
            " the organization do not count.",
            hint=build_factor_hint(),
        )


def build_factor_hint() -> str:
    """Where an account gets a second factor."""
    return f"Add a passkey or an authenticator app: {settings.BASE_URL}/account/security"


def check_may_end_person(member: OrganizationMember) -> None:
    """Raise `LastOrganizationOwnerError` if the organization would have no owner without the member.

    Call it with the row of the organization locked.
    """
    owners = OrganizationMember.objects.filter(
        organization=member.organization, role=OrganizationRole.OWNER, user__is_active=True
    )
    if member.role == OrganizationRole.OWNER and not owners.exclude(pk=member.pk).exists():
        raise LastOrganizationOwnerError(
            f"`{member.user.username}` is the last owner of `{member.organization.name}`.",
            hint="Make another member an owner first.",
        )


def check_is_verified(actor: User) -> None:
    """Only verified accounts create tokens and publish. Raises `EmailNotVerifiedError`.

    Anyone can sign up with an address of another person. Such an account must not get a credential
    that works after the owner of the address recovers it.
    """
    if not actor.is_verified:
        raise EmailNotVerifiedError(
            f"The email address of the account `{actor.username}` is not verified.",
            hint="Open the link in the verification mail, or request another one:"
            f" {settings.BASE_URL}/account/email",
        )


def check_signs_in_here(account: User) -> None:
    """Raise `SsoRequiredError` for an account that signs in with single sign-on only: at most 2 queries.

    Those are the accounts that it created: another way in would outlive the person at the identity
    provider. While passwords are switched off, all but the operators named for emergencies.
    """
    if has_provider_account(account) or not (
        settings.LOCAL_PASSWORDS or is_break_glass_account(account)
    ):
        raise SsoRequiredError(
            f"The account `{account.username}` signs in with single sign-on only.",
            hint=f"Sign in with your identity provider: {settings.BASE_URL}/sso",
        )


def check_has_second_factor(actor: User, token: Token | None = None) -> None:
    """Where the registry requires it, only accounts with a second factor publish (`REQUIRE_MFA_TO_PUBLISH`).

    `token` is that of the caller: those that an operator made, and those of trusted publishers, need
    none, nor do accounts that single sign-on created: second factors are the provider's. Raises `MfaRequiredError`. A token of an account that removes its factors stops publishing.
    """
    if not settings.REQUIRE_MFA_TO_PUBLISH or actor.has_second_factor:
        return
    if (token is None or not token.needs_no_factor) and not has_provider_account(actor):
        raise MfaRequiredError(
            f"This registry requires a second factor to publish, and the account `{actor.username}` has none.",
            hint=build_factor_hint(),
        )


def is_operator(actor: User) -> bool:
    """Whether the actor operates this registry: a superuser; by token only with the scope `admin`."""
    return actor.is_active and actor.is_elevated and actor.is_superuser


def is_moderator(actor: User) -> bool:
    """Whether the actor moderates this registry. Operators do too. By token as `is_operator`."""
    is_in_group = actor.is_moderator or actor.is_superuser
    return actor.is_active and actor.is_elevated and is_in_group


def is_security_reviewer(actor: User) -> bool:
    """Whether the actor sees what moderators see of releases. Moderators and operators do too."""
    if is_moderator(actor):
        return True
    return actor.is_active and actor.is_elevated and actor.is_security_reviewer


def can_have_admin_tokens(actor: User) -> bool:
    """Whether the account may have tokens with the scope `admin`: those in a group of the registry."""
    return is_security_reviewer(actor)


def can_manage_accounts(actor: User) -> bool:
    """Whether the account may suspend others: moderators and operators."""
    return is_moderator(actor)


def check_may_suspend(actor: User, account: User) -> None:
    """Raise `AccountDeniedError` unless the actor may suspend the account, or end its suspension.

    Moderators decide about accounts without rights in the registry, operators about all but their own.
    """
    if not can_manage_accounts(actor):
        raise AccountDeniedError("Only moderators and operators suspend accounts.")
    if account.pk == actor.pk:
        raise AccountDeniedError("You cannot suspend your own account.")
    if account.is_robot:
        raise AccountDeniedError(
            f"`{account.username}` is a robot.", hint="Its organization can remove it."
        )
    if (account.registry_groups or account.is_staff) and not is_operator(actor):
        raise AccountDeniedError(
            f"`{account.username}` has rights in this registry: only operators decide about it."
        )


def check_may_change_groups(actor: User, account: User) -> None:
    """Only operators, and not about themselves: the last one would lose the way back.

    Raises `AccountDeniedError`.
    """
    if not is_operator(actor):
        raise AccountDeniedError("Only operators decide who is in the groups of the registry.")
    if account.pk == actor.pk:
        raise AccountDeniedError(
            "You cannot change your own groups.",
            hint="Ask another operator, or run `manage.py account_groups` on the server.",
        )
    if account.is_robot or not account.is_active:
        raise AccountDeniedError(f"`{account.username}` is suspended, closed or a robot.")


def can_set_up_sso(actor: User, organization: Organization | None) -> bool:
    """Whether the account may connect identity providers: at most 1 query.

    Those of an organization, its owners; those of the whole registry, operators.
    """
    if organization is not None:
        rights = list_organization_rights(actor, organization)
        return actor.is_active and OrganizationRight.MANAGE_PROPERTY in rights
    return is_operator(actor)


def check_sets_up_sso(actor: User, organization: Organization | None) -> None:
    """Raise `UnknownConnectionError`, as if there was nothing to set up, for all others."""
    if not can_set_up_sso(actor, organization):
        raise UnknownConnectionError("There is no such single sign-on connection.")


def check_may_manage_issuers(actor: User, owner: Owner) -> None:
    """A person decides for its own plugins, owners for those of their organization.

    Raises `IssuerDeniedError`.
    """
    is_own = owner.user_id == actor.pk and actor.session_of is None
    if owner.organization is not None:
        rights = list_organization_rights(actor, owner.organization)
        is_own = OrganizationRight.MANAGE_PROPERTY in rights
    if not is_own:
        raise IssuerDeniedError(f"You may not change the issuers of `{owner.name}`.")


def check_may_manage_domains(actor: User, owner: Owner) -> None:
    """A person decides about its own domains, owners about those of their organization.

    At most 1 query. Raises `DomainDeniedError` and `OrganizationRightError`.
    """
    if owner.organization is not None:
        check_organization_right(actor, owner.organization, OrganizationRight.MANAGE_PROPERTY)
    elif owner.user_id != actor.pk or actor.session_of is not None:
        raise DomainDeniedError(f"You may not change the domains of `{owner.name}`.")


def check_token_may(token: Token, scopes: Collection[str], plugin: str = "") -> None:
    """Raise `TokenScopeError` unless the token has one of `scopes` and is valid for the plugin.

    No `scopes` means that any token will do; no `plugin` that the call is not about one.
    """
    if scopes and not any(token.has_scope(scope) for scope in scopes):
        raise TokenScopeError(
            f"This call needs a token with the scope `{'` or `'.join(scopes)}`; your token has"
            f" `{', '.join(token.scopes) or 'none'}`.",
            hint="Create another token on your account page.",
        )
    if plugin:
        check_token_limits(token, PluginName.parse(plugin))


def check_token_is_unlimited(token: Token) -> None:
    """Raise `TokenScopeError` for a token of some plugins, in a call that concerns all."""
    if token.limits:
        raise TokenScopeError(
            f"This token is limited to {format_limits(token)}.", hint="Use a token without a limit."
        )


def is_in_token_limits(token: Token, name: PluginName) -> bool:
    """Whether the token is valid for the plugin: no query, at most 3 with a limit to an organization."""
    return bool(list_in_token_limits(token, [name]))


def list_in_token_limits(token: Token, names: Collection[PluginName]) -> set[PluginName]:
    """The plugins for which the token is valid, in as many queries as for one."""
    # A limit is a plugin name, a scope with `@`, or an organization with `org:`. A stolen token of one
    # plugin's pipeline must not publish any other plugin of its owner, nor read about it what is not
    # public.
    if not token.limits:
        return set(names)
    named = {name for name in names if not {str(name), f"@{name.scope}"}.isdisjoint(token.limits)}
    others = [name for name in names if name not in named]
    if not others or not token.organization_limits:
        return named
    return named | find_owned_names(token, others)


def is_token_for_organization(token: Token, organization: str) -> bool:
    """Whether the token is valid for what concerns the organization as a whole."""
    return not token.limits or organization in token.organization_limits


def check_token_is_for_organization(token: Token, organization: str) -> None:
    """Raise `TokenScopeError` for a token that is limited to plugins, scopes or other organizations."""
    if not is_token_for_organization(token, organization):
        raise TokenScopeError(
            f"This token is limited to {format_limits(token)}.",
            hint="Use a token without limits, or one that is limited to the organization.",
        )


def check_token_limits(token: Token, name: PluginName) -> None:
    """Raise `TokenScopeError` if the token is limited to other plugins or scopes."""
    if not is_in_token_limits(token, name):
        raise TokenScopeError(
            f"This token is limited to {format_limits(token)}; the package is `{name}`.",
            hint="Create a token for this plugin on your account page.",
        )


def format_limits(token: Token) -> str:
    """The limits of a token in a sentence."""
    return ", ".join(f"`{limit}`" for limit in token.limits)


def check_token_address(token: Token, address: str) -> None:
    """Raise `TokenAddressError` unless the token may be used from the address."""
    networks = [ipaddress.ip_network(network) for network in token.networks]
    if networks and not is_in_networks(address, networks):
        raise TokenAddressError(
            f"This token may not be used from the address `{address}`.",
            hint="The networks of the token are on your account page. Behind a proxy, the operator of"
            " the registry must set PLUGPORT_TRUSTED_PROXIES.",
        )


def check_token_may_create(
    creator: Token,
    scopes: Collection[str],
    limits: Collection[str],
    networks: Collection[str],
    expires_at: dt.datetime,
) -> None:
    """Raise `TokenScopeError` unless a token of this kind can do no more than its creator.

    Otherwise a token that is stolen from a pipeline would be as good as the account.
    """
    check_token_may(creator, ("manage",))
    problems = []
    if creator.parent_id is not None:
        problems.append("It was itself created with a token.")
    if more := sorted(set(scopes) - set(creator.scopes)):
        problems.append(f"It does not have the scopes {', '.join(f'`{each}`' for each in more)}.")
    if creator.limits and not (limits and all(_is_within(each, creator.limits) for each in limits)):
        problems.append(f"It is limited to {format_limits(creator)}.")
    if creator.networks and not (
        networks and all(_is_subnet(each, creator.networks) for each in networks)
    ):
        problems.append(f"It is limited to the networks {', '.join(creator.networks)}.")
    if expires_at > creator.expires_at:
        problems.append(f"It expires on {creator.expires_at:%Y-%m-%d}.")
    if problems:
        raise TokenScopeError(
            f"The token of this call cannot create such a token. {' '.join(problems)}",
            hint="Request a token that can do no more and lives no longer, or create it on your"
            " account page.",
        )


def can_see_token(caller: Token, token: Token) -> bool:
    """Whether a request with the token `caller` may see and revoke a token of the same account.

    A token with limits belongs to one pipeline, which needs to know only itself and what it created.
    """
    if caller.user_id != token.user_id:
        return False
    is_limited = bool(caller.limits or caller.networks)
    return not is_limited or caller.pk in (token.pk, token.parent_id)


def _is_within(limit: str, limits: Collection[str]) -> bool:
    scope, slash, _name = limit.partition("/")
    return limit in limits or bool(slash and scope in limits)


def _is_subnet(text: str, networks: Collection[str]) -> bool:
    network = ipaddress.ip_network(text)
    return any(
        # Networks of two versions of IP cannot be compared.
        outer.version == network.version and network.subnet_of(outer)  # type: ignore[arg-type]  # of one version
        for outer in map(ipaddress.ip_network, networks)
    )
