"""Responses and the OpenAPI document have exactly the members that `plugport.spec.api` declares."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.db import models
from django.utils import timezone

from accounts.models import OwnerDomain
from plugport.spec.api import owners, plugins, releases, values
from plugport.spec.api.accounts import Me, TokenList
from plugport.spec.api.declared import list_members, resolve_type
from plugport.spec.api.instance import Instance
from plugport.spec.api.problems import FieldProblem, Problem
from plugport.spec.api.reading import parse_leniently
from registry.api.schema import build_document
from registry.models import CheckState, Release, Trust
from registry.models.states import ReleaseState
from tests.functional.api.calls import Api
from tests.support.people import create_api_token, create_user
from tests.support.publishing import Publisher, build_package

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_module_packages")]
CHAT = "/plugins/@ada/chat"
ANSWERS: dict[str, Any] = {
    "/plugins": plugins.PluginSearch,
    "/plugins?q=chat": plugins.PluginSearch,
    "/plugins/popular": plugins.TopList,
    "/suggest?q=chat": plugins.SuggestionList,
    "/categories": plugins.CategoryList,
    "/tags": plugins.TagList,
    "/instance": Instance,
    CHAT: plugins.PluginDetail,
    "/owners/ada": owners.Owner,
    "/scopes/ada": owners.ScopeDetail,
    f"{CHAT}/dependents": plugins.PluginList,
    f"{CHAT}/stats": plugins.Stats,
    f"{CHAT}/owners": owners.MemberList,
    f"{CHAT}/versions": releases.VersionList,
    f"{CHAT}/1.0.0": releases.Release,
    f"{CHAT}/1.1.0": releases.Release,
    f"{CHAT}/1.0.0/diff": releases.Diff,
    f"{CHAT}/1.1.0/diff": releases.Diff,
    "/me": Me,
    "/me/tokens": TokenList,
    "/me/invitations": owners.InvitationList,
    "/publications/{id}": releases.Publication,
    "/plugins/none": Problem,
}


@pytest.fixture(scope="module")
def caller(module_publisher: Publisher) -> Api:
    """The owner of a plugin whose releases fill every member."""
    publish = module_publisher.publish
    release = publish(
        "@ada/chat",
        "1.0.0",
        tags=["chat"],
        categories=["messaging"],
        author={"name": "Ada", "url": "https://ada.example.test/"},
        repository={"type": "git", "url": "https://x.example.test/", "directory": "chat"},
        dependencies={"plugins": {"base": "*"}, "packages": {"x": "1"}, "peer": {"y": "2"}},
        permissions={"network": ["*.example.test"]},
        unknownField=1,
    )
    OwnerDomain.objects.create(
        owner=module_publisher.actor.owner,
        domain="ada.example",
        token="x",
        verified_at=timezone.now(),
    )
    publish("@ada/chat", "1.1.0", permissions={"exec": ["git"]})
    publish("@ada/other", "1.0.0", dependencies={"plugins": {"@ada/chat": "*"}})
    api = Api(create_api_token(module_publisher.actor))
    api.call("POST", f"{CHAT}/1.0.0/deprecate", {"message": "Old.", "replacement": "@ada/other"})
    api.call("POST", f"{CHAT}/1.0.0/yank", {"reason": "Broken."})
    api.post(f"{CHAT}/owners", {"username": create_user("friend").username, "role": "owner"})
    ANSWERS.pop("/publications/{id}", None)
    ANSWERS[f"/publications/{release.public_id}"] = releases.Publication
    return api


def find_differences(declaration: Any, document: Any, path: str = "") -> list[str]:
    """Return where the document has other members or types than declared."""
    differences = []
    try:
        msgspec.convert(document, declaration)
    except msgspec.ValidationError as error:
        differences.append(f"{path}: {error}")
    return differences + list(
        iter_undeclared(msgspec.inspect.type_info(declaration), document, path)
    )


def iter_undeclared(info: Any, document: Any, path: str) -> Any:
    base = resolve_type(info).base
    if isinstance(document, list) and isinstance(base, msgspec.inspect.ListType):
        for row in document:
            yield from iter_undeclared(base.item_type, row, f"{path}[]")
    elif isinstance(document, dict) and isinstance(base, msgspec.inspect.DictType):
        for row in document.values():
            yield from iter_undeclared(base.value_type, row, f"{path}.*")
    elif isinstance(document, dict) and isinstance(base, msgspec.inspect.TypedDictType):
        types = {field.name: field.type for field in base.fields}
        for name, value in document.items():
            if name in types:
                yield from iter_undeclared(types[name], value, f"{path}.{name}")
            else:
                yield f"{path}.{name} is not declared"


def test_responses_are_as_declared(caller: Api) -> None:
    for path, declaration in ANSWERS.items():
        response = caller.get(path)
        assert find_differences(declaration, response.json()) == [], path


def test_responses_to_writes_are_as_declared(caller: Api) -> None:
    edited = caller.call("PATCH", CHAT, {"displayName": "Chat"})
    assert find_differences(plugins.Plugin, edited.json()) == []
    published = caller.publish(build_package("@ada/chat", "2.0.0"))
    assert find_differences(releases.PublishedRelease, published.json()) == []
    refused = caller.call("PATCH", CHAT, {"displayName": "", "tags": 1, "other": 2}).json()
    assert find_differences(Problem, refused) == []
    assert len(refused["errors"]) == 3


def test_missing_and_additional_members_are_found() -> None:
    """The tests above depend on it."""
    assert find_differences(plugins.TermCount, {"name": "x", "count": 1}) == []
    assert find_differences(plugins.TermCount, {"name": "x"})
    assert find_differences(plugins.TermCount, {"name": "x", "count": "1"})
    assert find_differences(plugins.TagList, {"tags": [{"name": "x", "count": 1, "more": 1}]})


def list_declarations() -> list[type]:
    """Return the declarations that are schemas of the OpenAPI document."""
    modules = (plugins, releases)
    declared = [each for module in modules for each in vars(module).values() if is_public(each)]
    return [Me, Problem, FieldProblem, *dict.fromkeys(declared)]


def is_public(value: Any) -> bool:
    is_declaration = hasattr(value, "__required_keys__") and not value.__name__.startswith("_")
    # What these have is in the documents that extend them.
    return is_declaration and value not in (plugins.PluginDocument, plugins.Ownership)


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    """The schemas of the OpenAPI document, by name."""
    schemas: dict[str, Any] = build_document()["components"]["schemas"]
    return schemas


SCHEMA_NAMES = {"FieldProblem": "FieldFault", "TermCount": "Heading"}


@pytest.mark.parametrize("declaration", list_declarations(), ids=lambda each: each.__name__)
def test_document_has_the_declared_members(schemas: dict[str, Any], declaration: type) -> None:
    schema = schemas[SCHEMA_NAMES.get(declaration.__name__, declaration.__name__)]
    members = list_members(declaration)
    assert list(schema["properties"]) == [member.name for member in members]
    required = {member.name for member in members if member.is_required}
    assert set(schema.get("required", ())) == required


def test_member_added_to_a_declaration_is_in_document_and_client() -> None:
    """A response without it fails the tests above, and mypy reports the function that builds it."""

    class Newer(plugins.TermCount):
        stars: int

    assert find_differences(Newer, {"name": "x", "count": 1})
    assert [member.name for member in list_members(Newer)] == ["name", "count", "stars"]
    assert parse_leniently(Newer, {"name": "x", "count": 1, "stars": 5})["stars"] == 5


@pytest.mark.parametrize(
    ("declared", "choices"),
    [
        (values.TRUST_LEVELS, Trust),
        (values.RELEASE_STATES, ReleaseState),
        (values.CHECK_STATES, CheckState),
    ],
)
def test_declared_values_are_those_of_the_models(
    declared: tuple[str, ...], choices: type[models.TextChoices]
) -> None:
    assert list(declared) == choices.values


def test_stored_document_is_what_is_declared(caller: Api) -> None:
    release = Release.objects.select_related("plugin").get(
        plugin__name="@ada/chat", version="1.1.0"
    )
    # PostgreSQL stores JSON objects without the order of their members.
    assert set(release.plugin.document) == set(plugins.PluginDocument.__annotations__)
