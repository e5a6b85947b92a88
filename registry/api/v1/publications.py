"""`/publications/{id}`: what became of an upload."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from registry import queries
from registry.api.conditional import PRIVATE, respond_json
from registry.api.v1.parameters import ID, read_uuid
from registry.api.v1.shapes import PublicationShape
from registry.api.views import ApiView, get_actor
from registry.documents import build_check, format_time
from registry.publishing.states import ReleaseState


class PublicationView(ApiView):
    """The status of an upload, for the people of its plugin."""

    @extend_schema(operation_id="getPublication", parameters=[ID], responses=PublicationShape)
    def get(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 -- the path's word
        """State, verdict, and each check with its findings in words."""
        release = queries.get_publication(read_uuid(id), actor=get_actor(request))
        checks = list(release.checks.all())
        ends = [run.finished_at for run in checks if run.finished_at]
        is_done = release.state != ReleaseState.CHECKING
        page = f"{settings.BASE_URL}/plugins/{release.plugin.name}"
        return respond_json(
            request,
            {
                "id": str(release.public_id),
                "name": release.plugin.name,
                "version": release.version,
                "state": release.state,
                "tag": release.tag or None,
                "verdict": release.verdict_reason or None,
                "checks": [build_check(run) for run in checks],
                "pageUrl": page,
                "releaseUrl": f"{settings.BASE_URL}/api/v1/plugins/{release.plugin.name}/"
                f"{release.version}",
                "createdAt": format_time(release.created_at),
                "finishedAt": format_time(max(ends)) if is_done and ends else None,
            },
            cache=PRIVATE,
        )
