"""`/plugins/{name}/{version}/diff`: what a release changed."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from plugport.spec.api.releases import Diff
from registry.api.conditional import respond_json
from registry.api.v1.parameters import NAME, VERSION, get_text_parameter
from registry.api.views import ApiView
from registry.queries import catalog
from registry.queries.baselines import find_baseline
from registry.representations.diffs import build_diff_document

FROM_PARAMETER = OpenApiParameter(
    "from",
    {"type": "string", "minLength": 1, "maxLength": 200},
    OpenApiParameter.QUERY,
    description="The version or dist-tag to compare with. The default is the highest published"
    " release below; a stable release is compared with a stable one if there is one.",
)


class DiffView(ApiView):
    """The difference between two releases of a plugin."""

    @extend_schema(
        operation_id="diffRelease", parameters=[NAME, VERSION, FROM_PARAMETER], responses=Diff
    )
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """Get the changes in permissions, capabilities, manifest, dependencies and files.

        The first release is compared with nothing: `from` is null and everything is added. For a
        release that is quarantined or revoked, the values in `manifest` are null and `files` is empty.
        """
        after = catalog.get_release(name, version)
        baseline = get_text_parameter(request.GET, "from")
        before = catalog.get_release(name, baseline) if baseline else find_baseline(after)
        return respond_json(request, build_diff_document(before, after))
