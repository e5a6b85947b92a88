"""Exchange the identity token of a CI job for a token that publishes one plugin."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.actions.domains.prove_by_job import end_moved_proofs, prove_by_job
from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.tokens.mint_token import mint_token
from accounts.domains.namespaces import fold_namespace
from accounts.errors import AssertionRefusedError
from accounts.models import ActorKind, OrganizationRole, OwnerDomain, RegisteredIssuer, Token, User
from accounts.trusted_publishing.assertions import (
    VerifiedAssertion,
    read_issuer,
    verify_assertion,
)
from accounts.trusted_publishing.providers import PROVIDERS
from accounts.trusted_publishing.used import record_use
from common.http.errors import RateLimitedError
from common.rate_limits import consume_quota
from plugport.spec.names import PluginName
from registry.models import TrustedPublisher
from registry.publishing.ownership import find_plugin_owner
from registry.publishing.trusted import (
    build_not_in_force_error,
    build_run,
    find_provider,
    is_in_force,
)

_log = structlog.get_logger("plugport.identity")
# Of one repository, or of one generic issuer and plugin. More are not compared.
_MAX_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class MintedForJob:
    """The new token with its text, and the configuration that allowed it."""

    token: Token
    text: str
    publisher: TrustedPublisher


def mint_publish_token(*, identity_token: str, plugin: PluginName | None) -> MintedForJob:
    """Verify the identity token and return a token for its job, valid for 15 minutes.

    Without `plugin`, the job must match the configuration of one plugin only. The identity token is
    used up. Each refusal is logged, and those of genuine tokens are in the audit log, never with the
    token. Raises `AssertionRefusedError` and `IssuerUnavailableError`.
    """
    assertion = None
    try:
        issuer = read_issuer(identity_token)
        assertion = verify_assertion(identity_token, issuers=_list_known(issuer))
        provider = PROVIDERS[find_provider(issuer)]
        provider.check_event(assertion.claims)
        candidates = _list_matching(assertion, provider.key, plugin)
        publisher = _select(assertion, candidates, plugin)
        minted = _mint(assertion, publisher, is_named=plugin is not None)
    except AssertionRefusedError as error:
        _report(error, assertion, plugin)
        if assertion is not None:
            _end_moved_proofs(assertion)
        raise
    _end_moved_proofs(assertion)
    return minted


def _end_moved_proofs(assertion: VerifiedAssertion) -> None:
    """What a genuine identity token says of the name of its account: 1 query if it is nothing new."""
    provider = PROVIDERS[find_provider(assertion.issuer)]
    name = provider.read_namespace(assertion.issuer, assertion.claims)
    end_moved_proofs(name=name, namespace_id=provider.read_ids(assertion.claims).owner)


def _list_known(issuer: str) -> Sequence[str]:
    """The issuer, if it is configured or registered: at most 1 query."""
    if find_provider(issuer) != "oidc" or RegisteredIssuer.objects.filter(url=issuer).exists():
        return [issuer]
    return []


def _list_matching(
    assertion: VerifiedAssertion, provider: str, plugin: PluginName | None
) -> list[TrustedPublisher]:
    """The configurations of this job, not all of which may be in force: 1 query."""
    rows = TrustedPublisher.objects.select_related("plugin", "created_by").filter(
        provider=provider,
        issuer=assertion.issuer,
        **PROVIDERS[provider].build_filter(assertion.claims),
    )
    if plugin is not None:
        rows = rows.filter(name=str(plugin))
    candidates = rows.order_by("id")[:_MAX_CANDIDATES]
    return [row for row in candidates if PROVIDERS[provider].matches(row, assertion.claims)]


def _select(
    assertion: VerifiedAssertion,
    candidates: Sequence[TrustedPublisher],
    plugin: PluginName | None,
) -> TrustedPublisher:
    """The configuration that holds for the job. Raises `AssertionRefusedError`."""
    target = f"`{plugin}`" if plugin is not None else "any plugin"
    if not candidates:
        facts = PROVIDERS[find_provider(assertion.issuer)].describe_run(
            assertion.issuer, assertion.claims
        )
        # Only what the job says of itself: what is configured is not for strangers.
        said = ", ".join(
            f"{name} `{facts[name]}`" for name in facts if name not in ("url", "commit")
        )
        raise AssertionRefusedError(
            "no-match",
            f"No trusted publisher of {target} matches this job: {said or 'it has no facts'}.",
            hint="Compare them with the trusted publishers of the plugin. A repository that was"
            " registered again under an old name has other ids and must be added again.",
        )
    in_force = [each for each in candidates if is_in_force(each)]
    if not in_force:
        raise build_not_in_force_error(target)
    if _count_targets(in_force) > 1 and plugin is not None:
        in_force = _prefer_repository_owner(assertion, in_force)
    if _count_targets(in_force) > 1:
        raise AssertionRefusedError(
            "ambiguous",
            "This job may publish several plugins."
            if plugin is None
            else f"Several accounts have a pending publisher of this job for {target}.",
            hint="Say which one: `plugin` in the request."
            if plugin is None
            else "The account that links the GitHub account of the repository's owner, or has proven it or"
            " its group with a file, is preferred. Do so, or publish the first release with a token.",
        )
    return in_force[0]


def _count_targets(found: Sequence[TrustedPublisher]) -> int:
    """How many different things they publish: pending ones of two accounts are two."""
    return len({(each.name, 0 if each.plugin_id else each.created_by_id) for each in found})


def _prefer_repository_owner(
    assertion: VerifiedAssertion, found: list[TrustedPublisher]
) -> list[TrustedPublisher]:
    """Those of accounts that show to be the owner of the repository: at most 2 queries.

    They sign in with the GitHub account that owns it, or have proven its account or group with a file,
    themselves or as owners of an organization. Anybody may name the repository of somebody else in a
    pending publisher. That reserves nothing, but would keep the owner from the first release. Returns all
    if there are no such accounts.
    """
    provider = PROVIDERS[find_provider(assertion.issuer)]
    owner_id = provider.read_ids(assertion.claims).owner
    if provider.key == "github" and owner_id:
        links = SocialAccount.objects.filter(provider="github", uid=owner_id)
        linked = set(links.values_list("user_id", flat=True))
        if preferred := [each for each in found if each.created_by_id in linked]:
            return preferred
    namespace = fold_namespace(provider.read_namespace(assertion.issuer, assertion.claims))
    # Not by a job: everybody who may write to one repository of the account can run one.
    proofs = OwnerDomain.objects.filter(
        Q(owner__user=OuterRef("pk"))
        | Q(
            owner__organization__memberships__user=OuterRef("pk"),
            owner__organization__memberships__role=OrganizationRole.OWNER,
        ),
        domain=namespace or "",
        method=OwnerDomain.Method.FILE,
        verified_at__isnull=False,
    )
    accounts = User.objects.filter(Exists(proofs), pk__in={each.created_by_id for each in found})
    proven = set(accounts.values_list("pk", flat=True))
    return [each for each in found if each.created_by_id in proven] or found


def _mint(
    assertion: VerifiedAssertion, publisher: TrustedPublisher, *, is_named: bool
) -> MintedForJob:
    with transaction.atomic():
        # Locked: a removal that comes now waits, and revokes the token.
        locked = TrustedPublisher.objects.select_for_update().filter(pk=publisher.pk).first()
        if locked is None:
            raise AssertionRefusedError("no-match", "The trusted publisher was removed.")
        provider = PROVIDERS[publisher.provider]
        record_use(assertion)
        ids = provider.read_ids(assertion.claims)
        # What was not known until now, such as the id of a private repository.
        locked.repository_id = locked.repository_id or ids.repository
        locked.owner_id = locked.owner_id or ids.owner
        locked.last_used_at = timezone.now()
        locked.save(update_fields=["repository_id", "owner_id", "last_used_at"])
        token, text = mint_token(
            user=publisher.created_by,
            name=f"{provider.label}: {publisher.repository or publisher.issuer}",
            limit=publisher.name,
            source=publisher.source,
            run=build_run(publisher.provider, publisher.issuer, assertion.claims),
        )
        owner = find_plugin_owner(publisher.plugin) if publisher.plugin is not None else None
        # Not for a job that names no plugin: everybody may configure it for a plugin of their own.
        if is_named and owner is not None:
            name = provider.read_namespace(publisher.issuer, assertion.claims)
            prove_by_job(owner=owner, name=name, namespace_id=ids.owner)
    _log.info("minted", plugin=publisher.name, publisher=publisher.pk, token=token.start)
    return MintedForJob(token, text, publisher)


def _is_recorded(assertion: VerifiedAssertion) -> bool:
    """Whether the audit log has few refusals of this repository, and of all, in this hour.

    Genuine tokens of systems such as GitHub are for everyone, and a refused one is not used up.
    """
    ids = PROVIDERS[find_provider(assertion.issuer)].read_ids(assertion.claims)
    text = f"{assertion.issuer}\0{ids.repository or assertion.claims.get('sub')}"
    caller = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    try:
        consume_quota("failed-sign-in", f"identity:{caller}")
        consume_quota("failed-sign-ins", "identity-tokens")
    except RateLimitedError:
        return False
    return True


def _report(
    error: AssertionRefusedError, assertion: VerifiedAssertion | None, plugin: PluginName | None
) -> None:
    """Log the refusal; of a genuine token also in the audit log, which everyone else could fill."""
    _log.warning("identity_token_refused", reason=error.reason, plugin=str(plugin or ""))
    if assertion is None or not _is_recorded(assertion):
        return
    run = build_run(find_provider(assertion.issuer), assertion.issuer, assertion.claims)
    record_audit_entry(
        actor=ActorKind.ANONYMOUS,
        action="identity-token.refused",
        target=str(plugin or ""),
        reason=error.reason,
        run=run,
    )
