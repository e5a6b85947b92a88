"""Trusted publishers: what a CI job must be to publish a plugin."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from django.conf import settings
from django.db.models import Q

from accounts.errors import AssertionRefusedError
from accounts.models import MintedToken, OrganizationRole, RegisteredIssuer, User
from accounts.trusted_publishing.keys import require_issuer_url
from accounts.trusted_publishing.providers import PROVIDERS
from plugport.spec.api.values import CI_PROVIDERS
from plugport.spec.errors import FieldError, PlugportError
from plugport.spec.names import PluginName
from plugport.spec.text import has_nul
from registry.errors import TrustedPublisherRequestError
from registry.models import Plugin, Role, TrustedPublisher
from registry.policies import can_manage_trusted_publishers

_DEFAULT_WORKFLOWS = {"gitlab": ".gitlab-ci.yml"}


@dataclass(frozen=True, slots=True)
class PublisherRequest:
    """The description of a CI job, as users enter it; a `Configuration` of its provider."""

    provider: str
    issuer: str = ""
    repository: str = ""
    repository_id: str = ""
    owner_id: str = ""
    workflow: str = ""
    environment: str = ""
    claims: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What is equal for two descriptions of the same job."""
        # GitHub ignores case in names of repositories.
        values = (self.provider, self.issuer, self.repository.lower(), self.workflow)
        document = [*values, self.environment, dict(self.claims)]
        return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def parse_publisher_request(request: PublisherRequest) -> PublisherRequest:
    """Normalize and check the description. Raises `TrustedPublisherRequestError` with all problems."""
    texts = (request.issuer, request.repository, request.workflow, request.environment)
    claims = (*request.claims, *request.claims.values())
    if request.provider not in CI_PROVIDERS or has_nul(*texts, *claims):
        raise _refuse([FieldError("provider", "Unknown.", allowed=", ".join(CI_PROVIDERS))])
    issuers = settings.CI_ISSUERS.get(request.provider, [])
    parsed = replace(
        request,
        issuer=request.issuer.strip() or next(iter(issuers), ""),
        repository=request.repository.strip().strip("/"),
        workflow=request.workflow.strip() or _DEFAULT_WORKFLOWS.get(request.provider, ""),
        environment=request.environment.strip(),
        repository_id=request.repository_id.strip(),
        owner_id=request.owner_id.strip(),
    )
    errors = PROVIDERS[parsed.provider].list_errors(parsed)
    if len(parsed.environment) > 255:
        errors.append(FieldError("environment", "It is longer than 255 characters."))
    try:
        require_issuer_url(parsed.issuer)
    except PlugportError as error:
        errors.append(FieldError("issuer", error.detail, code=error.code))
    else:
        if issuers and parsed.issuer not in issuers:
            errors.append(
                FieldError("issuer", "This registry does not know it.", allowed=", ".join(issuers))
            )
    if parsed.provider == "oidc" and find_provider(parsed.issuer) != "oidc":
        # Without the rules for its claims, jobs of strangers would have the same ones.
        errors.append(FieldError("issuer", "Use the provider of this issuer, not `oidc`."))
    if errors:
        raise _refuse(errors)
    return parsed


def _refuse(errors: list[FieldError]) -> TrustedPublisherRequestError:
    return TrustedPublisherRequestError("The trusted publisher is not valid.", fields=errors)


def find_provider(issuer: str) -> str:
    """The provider whose rules hold for tokens of the issuer."""
    for provider, issuers in settings.CI_ISSUERS.items():
        if issuer in issuers:
            return str(provider)
    return "oidc"


def resolve_ids(request: PublisherRequest) -> PublisherRequest:
    """Add the permanent ids of the repository: at most 2 requests to the CI system.

    What the user entered must agree with them. Raises `TrustedPublisherRequestError` if the ids that
    the provider needs are neither found nor entered.
    """
    if request.provider == "oidc":
        return replace(request, repository="", repository_id="", owner_id="", workflow="")
    found = PROVIDERS[request.provider].find_ids(request)
    errors = []
    pairs = {
        "repositoryId": (request.repository_id, found.repository),
        "ownerId": (request.owner_id, found.owner),
    }
    for name, (entered, actual) in pairs.items():
        if entered and actual and entered != actual:
            errors.append(
                FieldError(name, f"`{request.repository}` has another id.", found=entered)
            )
    if errors:
        raise _refuse(errors)
    resolved = replace(
        request,
        repository_id=found.repository or request.repository_id,
        owner_id=found.owner or request.owner_id,
    )
    # GitHub's owner, and GitLab's project: neither can be registered again by somebody else.
    needed, value = (
        ("ownerId", resolved.owner_id)
        if request.provider == "github"
        else ("repositoryId", resolved.repository_id)
    )
    if not value:
        raise TrustedPublisherRequestError(
            f"The id of `{request.repository}` is not known: it does not exist, or its CI system does"
            " not show it to this registry.",
            hint="Enter the id. For GitHub, it is `id` in the response of"
            " `gh api users/OWNER`; GitLab shows it on the page of the project.",
            fields=[FieldError(needed, "It is required if the repository is not public.")],
        )
    return resolved


def is_issuer_registered(issuer: str, plugin: Plugin | None, name: PluginName, user: User) -> bool:
    """Whether the owner of the plugin has registered the issuer: at most 2 queries.

    The owner of a plugin in a scope is that of the scope. Of a plugin without one, each of its owners
    is. Before the first release, it is the one who would create the plugin.
    """
    rows = RegisteredIssuer.objects.filter(url=issuer)
    if name.scope is not None:
        return rows.filter(owner__scopes__name=name.scope).exists() or (
            plugin is None and rows.filter(_build_new_scope_condition(name.scope, user)).exists()
        )
    if plugin is None:
        return rows.filter(owner__user=user).exists()
    owners = plugin.members.filter(role=Role.OWNER).values("holder")
    return rows.filter(owner__in=owners).exists()


def _build_new_scope_condition(scope: str, user: User) -> Q:
    """The owner for whom the account would publish in the scope of its name, which does not exist."""
    publishers = (OrganizationRole.OWNER, OrganizationRole.MANAGER)
    person = Q(owner__user=user)
    organization = Q(
        owner__organization__memberships__user=user,
        owner__organization__memberships__role__in=publishers,
    )
    return (person | organization) & Q(owner__name=scope)


def is_in_force(publisher: TrustedPublisher) -> bool:
    """Whether its creator may still let this job publish: at most 4 queries."""
    # Who added it was allowed to, and the job has no session.
    creator, plugin = publisher.created_by.as_absent(), publisher.plugin
    if plugin is not None:
        if not can_manage_trusted_publishers(creator, plugin):
            return False
    elif not (creator.is_active and creator.is_verified):
        return False
    if publisher.provider != "oidc":
        return True
    name = PluginName.parse(publisher.name)
    return is_issuer_registered(publisher.issuer, plugin, name, creator)


def check_in_force(minted: MintedToken) -> None:
    """Raise `AssertionRefusedError` if the job of the token may no longer publish: at most 5 queries.

    Call it in the transaction that records the release. A token whose trusted publisher was deleted is
    revoked; this finds those whose creator or issuer has lost its rights since.
    """
    rows = TrustedPublisher.objects.select_related("plugin", "created_by")
    publisher = rows.filter(pk=int(minted.source.rpartition(":")[2])).first()
    if publisher is None or not is_in_force(publisher):
        raise build_not_in_force_error(str(publisher.name if publisher else "the plugin"))


def build_not_in_force_error(target: str) -> AssertionRefusedError:
    """The error for a job whose configuration exists and does not hold."""
    return AssertionRefusedError(
        "not-in-force",
        f"The trusted publisher of {target} was added by an account that may no longer do so.",
        hint="An owner or maintainer of the plugin can add it again.",
    )


def claim_pending_publishers(actor: User, plugin: Plugin) -> None:
    """Give a new plugin the pending publishers of the account that created it: 2 queries.

    Those of other accounts end: their name is taken. Call it in the transaction that creates it.
    """
    pending = TrustedPublisher.objects.filter(name=plugin.name, plugin=None)
    pending.filter(created_by=actor).update(plugin=plugin)
    pending.filter(~Q(created_by=actor), plugin=None).delete()


def build_run(provider: str, issuer: str, claims: Mapping[str, Any]) -> dict[str, str]:
    """The facts about a CI job that a release shows."""
    return {"provider": provider, **PROVIDERS[provider].describe_run(issuer, claims)}
