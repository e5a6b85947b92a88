"""`/plugins/{name}/{version}/diff`: what a release changed (REL-8)."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from registry import queries
from registry.api.conditional import respond_json
from registry.api.v1.parameters import NAME, VERSION, read_text
from registry.api.v1.shapes import DiffShape
from registry.api.views import ApiView
from registry.comparing import build_diff_document, find_baseline

FROM = OpenApiParameter(
    "from",
    {"type": "string", "minLength": 1, "maxLength": 200},
    OpenApiParameter.QUERY,
    description="The version or dist-tag to compare with. Without it the highest published"
    " release below; a stable release is compared with a stable one where there is one.",
)


class DiffView(ApiView):
    """Two releases of a plugin, side by side."""

    @extend_schema(
        operation_id="diffRelease", parameters=[NAME, VERSION, FROM], responses=DiffShape
    )
    def get(self, request: Request, name: str, version: str) -> HttpResponse:
        """What changed: permissions and capabilities, manifest, dependencies, files.

        The first release is compared with nothing: `from` is null and all of it is added. Of a
        release that is quarantined or revoked the values in `manifest` are null.
        """
        after = queries.get_release(name, version)
        wanted = read_text(request, "from")
        before = queries.get_release(name, wanted) if wanted else find_baseline(after)
        return respond_json(request, build_diff_document(before, after))
