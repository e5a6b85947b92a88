"""Let a CI job publish a plugin, which need not exist yet."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.mint_token import revoke_minted_tokens
from accounts.models import Token, User
from accounts.policies import check_has_second_factor, check_is_verified
from accounts.queries.users import lock_unchanged_account
from common.rate_limits import consume_quota
from plugport.spec.errors import FieldError
from plugport.spec.names import PluginName
from registry.errors import (
    TrustedPublisherExistsError,
    TrustedPublisherLimitError,
    TrustedPublisherRequestError,
)
from registry.models import Plugin, TrustedPublisher
from registry.policies import (
    can_manage_trusted_publishers,
    check_may_manage_trusted_publishers,
)
from registry.publishing.admit import build_hidden_error, require_new_name
from registry.publishing.free_names import is_name_free
from registry.publishing.trusted import (
    PublisherRequest,
    is_issuer_registered,
    parse_publisher_request,
    resolve_ids,
)
from registry.queries.catalog import find_plugin
from registry.queries.members import lock_plugin
from registry.queries.visible import Viewer

MAX_PUBLISHERS = 20
MAX_PENDING = 20


def add_trusted_publisher(
    *, actor: User, name: PluginName, request: PublisherRequest, token: Token | None = None
) -> TrustedPublisher:
    """Let the described CI job publish the plugin in the actor's name.

    A plugin that the actor may not see with the `token` of the request is unknown. If there is no such plugin, the trusted publisher is pending: it reserves no name, and its first
    release creates the plugin for the actor. Asks the CI system for the ids of the repository. A job
    whose creator may no longer manage the plugin is taken over. Writes an audit entry. Raises
    `EmailNotVerifiedError`, `MfaRequiredError`, `NotMemberError`, `PasswordChangedError`, `RateLimitedError`, `TrustedPublisherRequestError`,
    `TrustedPublisherExistsError`, `TrustedPublisherLimitError`, and for a new name what
    `require_new_name` raises.
    """
    check_is_verified(actor)
    # Its jobs publish without one, in the actor's name.
    check_has_second_factor(actor)
    plugin = _find_own_plugin(actor, name, token)
    parsed = parse_publisher_request(request)
    if parsed.provider == "oidc" and not is_issuer_registered(parsed.issuer, plugin, name, actor):
        raise TrustedPublisherRequestError(
            f"The owner of `{name}` has not registered the issuer `{parsed.issuer}`.",
            hint="Register it on your account page under trusted publishing, or as an owner on the page"
            " Publishing of the organization.",
            fields=[FieldError("issuer", "It is not registered.")],
        )
    consume_quota("trusted-publisher", f"account:{actor.pk}")
    # Before the transaction: it may take seconds.
    resolved = resolve_ids(parsed)
    try:
        with transaction.atomic():
            # A new password ends what a thief began before: the CI system may have taken long to answer.
            lock_unchanged_account(actor)
            return _add(actor, name, plugin, resolved)
    except IntegrityError:
        raise _build_exists_error(name) from None


def _find_own_plugin(actor: User, name: PluginName, token: Token | None) -> Plugin | None:
    """The plugin, which the actor may manage; None for a name that the actor may use."""
    plugin = find_plugin(str(name), Viewer(actor, token))
    if plugin is not None:
        if can_manage_trusted_publishers(actor, plugin):
            return plugin
        if not is_name_free(plugin):
            check_may_manage_trusted_publishers(actor, plugin)
    # First, so that strangers cause the same queries whether or not the name is hidden from them.
    require_new_name(actor, name)
    if plugin is None:
        hidden = Plugin.objects.filter(name=str(name)).first()
        if hidden is not None and not is_name_free(hidden):
            raise build_hidden_error(name)
    return None


def _add(
    actor: User, name: PluginName, plugin: Plugin | None, request: PublisherRequest
) -> TrustedPublisher:
    if plugin is not None:
        plugin = lock_plugin(plugin)
        check_may_manage_trusted_publishers(actor, plugin)
        _end_orphan(plugin, request)
        others = TrustedPublisher.objects.filter(plugin=plugin)
        limit = MAX_PUBLISHERS
    else:
        others = TrustedPublisher.objects.filter(plugin=None, created_by=actor)
        limit = MAX_PENDING
    if others.count() >= limit:
        raise TrustedPublisherLimitError(
            f"At most {limit} trusted publishers are allowed"
            + (f" for `{name}`." if plugin else " for plugins that do not exist yet."),
            hint="Remove those that are not needed.",
        )
    publisher = TrustedPublisher.objects.create(
        name=str(name),
        plugin=plugin,
        created_by=actor,
        provider=request.provider,
        issuer=request.issuer,
        repository=request.repository,
        repository_id=request.repository_id,
        owner_id=request.owner_id,
        workflow=request.workflow,
        environment=request.environment,
        claims=dict(request.claims),
        identity=request.identity,
    )
    record_audit_entry(
        actor=actor,
        action="trusted-publisher.added",
        target=plugin or str(name),
        id=publisher.pk,
        provider=request.provider,
        repository=request.repository or request.issuer,
        workflow=request.workflow,
        environment=request.environment,
    )
    return publisher


def _end_orphan(plugin: Plugin, request: PublisherRequest) -> None:
    """Delete the same trusted publisher if the one who added it may not manage the plugin any more."""
    rows = TrustedPublisher.objects.select_related("created_by").filter(plugin=plugin)
    found = rows.filter(identity=request.identity).first()
    if found is None:
        return
    if can_manage_trusted_publishers(found.created_by.as_absent(), plugin):
        raise _build_exists_error(plugin.parsed_name)
    revoke_minted_tokens(found.source)
    found.delete()


def _build_exists_error(name: PluginName) -> TrustedPublisherExistsError:
    return TrustedPublisherExistsError(f"This CI job may publish `{name}` already.")
