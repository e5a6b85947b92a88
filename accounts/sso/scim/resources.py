"""The resources of SCIM: what of RFC 7643 the registry keeps, and what it tolerates.

Attributes that are not declared here are ignored, as RFC 7644, section 3.3, allows: the registry keeps no
phone numbers. Values from a provider are limited in length here, so that the error names the attribute.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, TypeVar

from django.conf import settings
from pydantic import Field, StringConstraints, ValidationError
from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    Context,
    Error,
    ETag,
    ExtensibleStringEnum,
    External,
    Filter,
    GroupMembership,
    InvalidPathException,
    InvalidSyntaxException,
    InvalidValueException,
    Mutability,
    Pagination,
    Patch,
    PatchOp,
    Reference,
    Required,
    Resource,
    ResourceType,
    Schema,
    SCIMException,
    ScimPolicy,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from accounts.models.scim import (
    EMAIL_CHARS,
    EXTERNAL_ID_CHARS,
    ID_CHARS,
    MAX_EMAILS,
    NAME_CHARS,
    USER_NAME_CHARS,
)

MAX_PAGE = 200
DEFAULT_PAGE = 100
# Bounds the work of one request. A body has at most 1 MiB (`DATA_UPLOAD_MAX_MEMORY_SIZE`).
MAX_OPERATIONS = 100
MAX_MEMBERS = 20_000
# As of a filter, which is parsed in the same way.
MAX_PATH_CHARS = 1000
_MAX_TYPE_CHARS = 40
# What Entra ID sends and RFC 7644 does not allow: a value in `remove`, and paths to what is not there yet.
POLICY = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
# No control characters: NUL is an error in PostgreSQL, and others make lists unreadable.
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
_PLAIN_TEXT = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]*\Z")


def _text(chars: int) -> StringConstraints:
    return StringConstraints(max_length=chars, pattern=_PLAIN)


_Name = Annotated[str | None, _text(NAME_CHARS)]


class Name(ComplexAttribute):
    """The parts of a person's name."""

    formatted: _Name = None
    family_name: _Name = None
    given_name: _Name = None
    middle_name: _Name = None
    honorific_prefix: _Name = None
    honorific_suffix: _Name = None


class Email(ComplexAttribute):
    """An email address."""

    class Type(ExtensibleStringEnum):
        """The usual values; others are kept."""

        WORK = "work"
        HOME = "home"
        OTHER = "other"

    # Not the library's type: it refuses domains such as `corp.local`, which companies use. Without
    # white space, because filters compare lines.
    value: Annotated[
        str | None, StringConstraints(max_length=EMAIL_CHARS, pattern=r"^[^\s\x00-\x1f\x7f]*$")
    ] = None
    display: _Name = None
    type: Type | None = None
    primary: bool | None = None


class User(Resource[Any]):
    """A person at the identity provider."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=USER_NAME_CHARS, pattern=_PLAIN),
        Uniqueness.server,
        Required.true,
    ] = None
    name: Name | None = None
    display_name: _Name = None
    active: bool | None = None
    emails: Annotated[list[Email] | None, Field(max_length=MAX_EMAILS)] = None
    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None

    Name: ClassVar[type[ComplexAttribute]] = Name
    Emails: ClassVar[type[ComplexAttribute]] = Email
    Groups: ClassVar[type[ComplexAttribute]] = GroupMembership


class GroupMember(ComplexAttribute):
    """A user in a group. Groups in groups are refused: providers send their members."""

    value: Annotated[str | None, _text(ID_CHARS), Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference[User] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[_Name, Mutability.immutable] = Field(None, examples=["User"])


class Group(Resource[Any]):
    """A group at the identity provider."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=NAME_CHARS, pattern=_PLAIN),
        Uniqueness.server,
        Required.true,
    ] = None
    members: Annotated[list[GroupMember] | None, Field(max_length=MAX_MEMBERS)] = None

    Members: ClassVar[type[ComplexAttribute]] = GroupMember


RESOURCES: tuple[type[Resource[Any]], ...] = (User, Group)
# Built at the import: a model that is parametrized in a request would compile its validators there.
USER_PATCH: Any = PatchOp[User]
GROUP_PATCH: Any = PatchOp[Group]
_Model = TypeVar("_Model", bound=Resource[Any])


def parse_resource(model: type[_Model], document: Any, context: Context) -> _Model:
    """The validated body of a POST or PUT. Raises `SCIMException` for the first invalid value."""
    try:
        return model.model_validate(document, scim_ctx=context, scim_policy=POLICY)
    except ValidationError as error:
        raise _translate(error) from None


def check_loose_texts(resource: User | Group) -> None:
    """Check the texts that the library's types leave free. Raises `InvalidValueException`."""
    texts = [("externalId", resource.external_id, EXTERNAL_ID_CHARS)]
    emails = (resource.emails or ()) if isinstance(resource, User) else ()
    texts += [("emails.type", email.type, _MAX_TYPE_CHARS) for email in emails]
    for name, text, chars in texts:
        if text and (len(text) > chars or not _PLAIN_TEXT.match(text)):
            raise InvalidValueException(
                detail=f"`{name}` must have at most {chars} characters, and no control characters."
            )


def parse_patch_op(patch: Any, document: Any) -> Any:
    """The body of a PATCH, with keys that are paths as operations of their own. Raises `SCIMException`."""
    try:
        with POLICY:
            return patch.model_validate(
                _expand(document), scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=POLICY
            )
    except ValidationError as error:
        raise _translate(error) from None


def apply_patch(message: Any, resource: User) -> None:
    """Apply a PATCH to the resource, wholly or not at all. Raises `SCIMException`."""
    try:
        message.patch(resource, POLICY)
    except ValidationError as error:
        raise _translate(error) from None


def _expand(document: Any) -> Any:
    """Entra ID puts paths with filters into keys, such as `emails[type eq "work"].value`.

    Bounds what each operation costs. Raises `InvalidSyntaxException` and `InvalidPathException`.
    """
    # Names of attributes have no case (RFC 7643, section 2.1).
    members = _lower_names(document)
    operations = members.get("operations")
    if not isinstance(operations, list):
        return document
    _check_count(len(operations))
    expanded: list[Any] = []
    for each in map(_lower_names, operations):
        value = each.get("value")
        if not isinstance(value, dict) or each.get("path"):
            expanded.append(each)
            continue
        # Each name is parsed as a path.
        _check_count(len(value))
        paths = {key: value[key] for key in value if "[" in key}
        expanded += [{"op": each.get("op"), "path": k, "value": v} for k, v in paths.items()]
        if len(paths) < len(value) or not paths:
            expanded.append({**each, "value": {k: value[k] for k in value if k not in paths}})
    _check_count(len(expanded))
    for each in expanded:
        _check_path(each.get("path"))
    return {**members, "operations": expanded}


def _lower_names(value: Any) -> dict[str, Any]:
    """The object with names in lower case; empty for anything else, which the model refuses."""
    return {key.lower(): each for key, each in value.items()} if isinstance(value, dict) else {}


def _check_count(count: int) -> None:
    if count > MAX_OPERATIONS:
        raise InvalidSyntaxException(
            detail=f"The request has {count} operations; at most {MAX_OPERATIONS} are allowed."
        )


def _check_path(path: Any) -> None:
    if isinstance(path, str) and len(path) > MAX_PATH_CHARS:
        raise InvalidPathException(
            detail=f"A path has {len(path)} characters; at most {MAX_PATH_CHARS} are allowed."
        )


def _translate(error: ValidationError) -> SCIMException:
    first = Error.from_validation_errors(error)[0]
    exception = SCIMException.from_error(first)
    exception.status = first.status or 400
    return exception


def build_config() -> ServiceProviderConfig:
    """What the service can do (RFC 7643, section 5)."""
    return ServiceProviderConfig(
        documentation_uri=Reference[External](f"{settings.BASE_URL}/docs/scim"),
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MAX_PAGE),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        pagination=Pagination(
            cursor=False,
            index=True,
            default_pagination_method=Pagination.DefaultPaginationMethod.index,
            default_page_size=DEFAULT_PAGE,
            max_page_size=MAX_PAGE,
        ),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Token",
                description="A SCIM token, which an owner of the organization creates in its settings.",
                spec_uri=Reference[External]("https://www.rfc-editor.org/info/rfc6750"),
                primary=True,
            )
        ],
    )


def build_schemas() -> list[Schema]:
    """The schemas of the resources."""
    return [model.to_schema() for model in RESOURCES]


def build_resource_types() -> list[ResourceType]:
    """The kinds of resources and where they are."""
    return [ResourceType.from_resource(model) for model in RESOURCES]
