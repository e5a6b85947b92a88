"""`/plugins/{name}/{version}/diff`: what a release changed."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from accounts.api.views import ApiView
from common.api.conditional import respond_compressed
from plugport.spec.api.releases import Diff
from registry.api.diff_json import render_diff
from registry.api.v1.parameters import NAME, VERSION, get_text_parameter
from registry.api.viewers import get_token_viewer
from registry.queries import catalog
from registry.queries.baselines import find_baseline
from registry.representations.compared_releases import ReleasePair

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
        viewer = get_token_viewer(request)
        after = catalog.get_release_row(name, version, viewer)
        baseline = get_text_parameter(request.GET, "from")
        before = (
            catalog.get_release_row(name, baseline, viewer) if baseline else find_baseline(after)
        )
        body = ReleasePair(before, after).load_or_compute(render_diff, after.plugin.name)
        return respond_compressed(request, body, content_type="application/json")
