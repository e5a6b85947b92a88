"""What the service can do, its kinds of resources and their schemas (RFC 7644, section 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from scim2_models import ForbiddenException, NotFoundException, NotImplementedException

from accounts.api.scim.endpoint import Call, respond_json, scim_endpoint
from accounts.sso.scim.representations import render_list
from accounts.sso.scim.resources import build_config, build_resource_types, build_schemas

_Build = Callable[[], list[Any]]


def get_config(call: Call) -> HttpResponse:
    """What the service can do."""
    document = build_config().model_dump()
    document["meta"] = {
        "resourceType": "ServiceProviderConfig",
        "location": f"{call.base}/ServiceProviderConfig",
    }
    return respond_json(document)


def _list(call: Call, path: str, kind: str, build: _Build) -> list[dict[str, Any]]:
    if "filter" in call.request.GET:
        # RFC 7644, section 4.
        raise ForbiddenException(detail=f"`/{path}` cannot be filtered.")
    documents = [each.model_dump() for each in build()]
    for document in documents:
        document["meta"] = {
            "resourceType": kind,
            "location": f"{call.base}/{path}/{document['id']}",
        }
    return documents


def _find(documents: list[dict[str, Any]], name: str) -> HttpResponse:
    for document in documents:
        if document["id"].lower() == name.lower():
            return respond_json(document)
    raise NotFoundException(detail="There is no such resource.")


def list_types(call: Call) -> HttpResponse:
    """The kinds of resources."""
    documents = _list(call, "ResourceTypes", "ResourceType", build_resource_types)
    return respond_json(render_list(documents, total=len(documents), start=1))


def get_type(call: Call, name: str) -> HttpResponse:
    """One kind of resource."""
    return _find(_list(call, "ResourceTypes", "ResourceType", build_resource_types), name)


def list_schemas(call: Call) -> HttpResponse:
    """The schemas of all resources."""
    documents = _list(call, "Schemas", "Schema", build_schemas)
    return respond_json(render_list(documents, total=len(documents), start=1))


def get_schema(call: Call, name: str) -> HttpResponse:
    """One schema."""
    return _find(_list(call, "Schemas", "Schema", build_schemas), name)


def refuse_unknown(_call: Call, path: str) -> HttpResponse:
    """Every other address below the service."""
    raise NotFoundException(detail=f"There is nothing at `/{path[:100]}`.")


def refuse_bulk(_call: Call) -> HttpResponse:
    """Not supported, as `ServiceProviderConfig` says."""
    raise NotImplementedException(
        detail="`/Bulk` is not supported: send one request for each change."
    )


def refuse_search(_call: Call, public_id: str = ".search") -> HttpResponse:
    """Searches with POST, and those of all kinds of resources at once (RFC 7644, section 3.4.3)."""
    if public_id != ".search":
        raise NotFoundException(detail="Send a POST request to the list.")
    raise NotImplementedException(
        detail="`/.search` is not supported: send a GET request with `filter` to `/Users` or `/Groups`."
    )


config_view = scim_endpoint(get=get_config)
types_view = scim_endpoint(get=list_types)
type_view = scim_endpoint(get=get_type)
schemas_view = scim_endpoint(get=list_schemas)
schema_view = scim_endpoint(get=get_schema)
unknown_view = scim_endpoint(
    get=refuse_unknown,
    post=refuse_unknown,
    put=refuse_unknown,
    patch=refuse_unknown,
    delete=refuse_unknown,
)
bulk_view = scim_endpoint(post=refuse_bulk)
search_view = scim_endpoint(post=refuse_search)
