"""`/instance`: the registry itself."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView
from common.api.conditional import respond_json
from common.cache_marks import InvalidatedBy, cacheable
from plugport.spec.api.instance import Instance
from registry.representations.instance import build_instance


class InstanceView(ApiView):
    """The registry itself."""

    @extend_schema(operation_id="getInstance", responses=Instance)
    @cacheable(InvalidatedBy.ANY_CHANGE)
    def get(self, request: Request) -> HttpResponse:
        """Get the registry's name, its URL, and the hosts that packages are downloaded from."""
        return respond_json(request, build_instance())
