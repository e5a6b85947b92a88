"""Who may give which plugin or scope to whom."""

from __future__ import annotations

from accounts.errors import UnknownUserError
from accounts.models import OrganizationMember, OrganizationRole, Owner, User
from accounts.policies import OrganizationRight, is_operator, list_organization_rights
from plugport.spec.text import has_nul, quote_text
from registry.errors import (
    MovesWithScopeError,
    NotMemberError,
    OfficialScopeError,
    OwnNameScopeError,
    ScopeLimitError,
    ScopeOwnerError,
    TransferReceiverError,
)
from registry.models import OPEN_STATES, Plugin, Role, Scope, Transfer, Visibility
from registry.policies import MAX_SCOPES


def get_receiver(name: str) -> Owner:
    """The open account or the organization of that name: 1 query. Raises `UnknownUserError`."""
    name = name.strip().removeprefix("@").lower()
    rows = Owner.objects.select_related("user", "organization__owner")
    owner = None if has_nul(name) else rows.filter(name=name).first()
    if owner is None or not owner.is_open:
        raise UnknownUserError(
            f"No open account and no organization is named {quote_text(name[:64])}.",
            hint="Check the spelling of the name.",
        )
    return owner


def identify_owner(owner: Owner) -> str:
    """How the audit log names the owner: it cannot forget the names of people."""
    return owner.name if owner.user_id is None else f"account:{owner.user_id}"


def acts_for(actor: User, owner: Owner) -> bool:
    """Whether the actor is the person, or may give away what the organization owns: at most 1 query."""
    if owner.organization is None:
        # A session of an organization does not reach what belongs to the person.
        return owner.user_id == actor.pk and actor.session_of is None
    rights = list_organization_rights(actor, owner.organization)
    return OrganizationRight.MANAGE_PROPERTY in rights


def check_may_give_plugin(actor: User, plugin: Plugin) -> None:
    """An owner gives the plugin away, with the roles of all its owners.

    1 query, and 1 for each organization that owns it. As with the removal of members, nobody takes a
    plugin from an organization. Raises `NotMemberError` and `ScopeOwnerError`.
    """
    members = plugin.members.filter(role=Role.OWNER).select_related("holder__organization__owner")
    owners = [member.holder for member in members]
    own = [owner for owner in owners if acts_for(actor, owner)]
    if not own:
        raise NotMemberError(
            f"Only owners may transfer `{plugin.name}`.", hint="Ask an owner of the plugin."
        )
    for owner in owners:
        if owner.organization is not None and owner not in own:
            raise ScopeOwnerError(
                f"`{plugin.name}` belongs to the organization `{owner.name}`.",
                hint="Ask an owner of the organization.",
            )


def check_may_give_scope(actor: User, scope: Scope) -> None:
    """The owner of the scope, which is loaded, gives it away. Raises `NotMemberError`."""
    if not acts_for(actor, scope.owner):
        raise NotMemberError(
            f"Only owners of `{scope}` may transfer it.", hint=f"Ask `{scope.owner.name}`."
        )


def check_plugin_can_move(plugin: Plugin, receiver: Owner) -> None:
    """A plugin in a scope belongs to the owner of the scope (PKG-2). At most 1 query.

    Raises `MovesWithScopeError`, and `TransferReceiverError` if nothing would change.
    """
    scope = plugin.scope
    if scope is not None and scope.owner_id != receiver.pk:
        raise MovesWithScopeError(
            f"`{plugin.name}` is in the scope `{scope}`, which does not belong to `{receiver.name}`.",
            hint=f"Transfer the scope `{scope}` with all its plugins, or publish the plugin under another"
            " name and deprecate this one with it as the replacement.",
        )
    owners = list(plugin.members.filter(role=Role.OWNER).values_list("holder", flat=True))
    if owners == [receiver.pk]:
        raise TransferReceiverError(f"`{receiver.name}` is the only owner of `{plugin.name}`.")


def check_scope_can_move(actor: User | None, scope: Scope, receiver: Owner) -> None:
    """Raise unless the scope may belong to the receiver: at most 2 queries.

    Raises `TransferReceiverError`, `OwnNameScopeError`, `OfficialScopeError` and `ScopeLimitError`.
    """
    if scope.owner_id == receiver.pk:
        raise TransferReceiverError(f"`{scope}` belongs to `{receiver.name}`.")
    named = Owner.objects.filter(name=scope.name).first()
    if named is not None and named.pk != receiver.pk:
        what = "account" if named.kind == Owner.Kind.PERSON else "organization"
        raise OwnNameScopeError(
            f"`{scope}` is the scope of the name of the {what} `{named.name}` and stays with it.",
            hint="Publish the plugins under another name, and deprecate these with it as the replacement.",
        )
    if scope.is_official and not (actor is not None and is_operator(actor)):
        raise OfficialScopeError(
            f"`{scope}` is an official scope of this registry.", hint="Ask the operator."
        )
    owned = Scope.objects.filter(owner=receiver).exclude(name=receiver.name).count()
    coming = Transfer.objects.filter(receiver=receiver, scope__isnull=False, state__in=OPEN_STATES)
    count = owned + coming.exclude(scope=scope).count()
    if scope.name != receiver.name and count >= MAX_SCOPES:
        raise ScopeLimitError(
            f"`{receiver.name}` has or is offered {count} scopes besides `@{receiver.name}`; at most"
            f" {MAX_SCOPES} are allowed."
        )


def has_hidden_plugins(scope: Scope) -> bool:
    """Whether a plugin in the scope is not public: 1 query.

    A decision of a moderator does not move them: the receiver would read what its owner shows to few.
    """
    return scope.plugins.exclude(visibility=Visibility.PUBLIC).exists()


def find_receiver_problem(receiver: Owner) -> str:
    """Why the owner can receive nothing now, or "": at most 1 query. Its account is loaded."""
    if receiver.user is not None:
        user = receiver.user
        return "" if user.is_active and user.is_verified else "The receiving account is closed."
    if not receiver.is_open:
        return "The receiving organization is deleted."
    owners = OrganizationMember.objects.filter(
        organization=receiver.organization_id, role=OrganizationRole.OWNER, user__is_active=True
    )
    return (
        "" if owners.exists() else "The receiving organization has no owner with an open account."
    )
