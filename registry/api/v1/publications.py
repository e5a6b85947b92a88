"""`/publications/{id}`: the status of an upload."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView, get_actor, get_request_token
from accounts.policies import check_token_limits
from common.api.conditional import PRIVATE, respond_json
from plugport.spec.api.releases import Publication
from registry.api.v1.parameters import ID, parse_publication_id
from registry.queries import catalog
from registry.queries.visibility_choices import list_wider_dependencies
from registry.queries.visible import Viewer
from registry.representations.releases import build_publication


class PublicationView(ApiView):
    """The status of an upload, for the members of its plugin."""

    @extend_schema(operation_id="getPublication", parameters=[ID], responses=Publication)
    def get(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 -- the name in the path
        """Get the state, the verdict, and each check with its findings."""
        actor, token = get_actor(request), get_request_token(request)
        release = catalog.get_publication(parse_publication_id(id), actor=actor)
        check_token_limits(token, release.plugin.parsed_name)
        hidden = list_wider_dependencies(release, Viewer(actor, token))
        checks = list(release.checks.all())
        document = build_publication(release, checks, hidden_dependencies=hidden)
        return respond_json(request, document, cache=PRIVATE)
