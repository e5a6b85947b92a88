"""`POST /plugins`: send a package."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any, cast

from django.conf import settings
from django.http import HttpResponse, QueryDict
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from accounts.models import User
from plugport.spec.errors import FieldError, InvalidError
from registry import queries
from registry.actions.publish_release import Publication, publish_release
from registry.api.conditional import PRIVATE, respond_json
from registry.api.v1.bodies import PublishForm
from registry.api.v1.parameters import WAIT, read_number
from registry.api.v1.shapes import PublishedRelease
from registry.api.views import get_actor, get_request_token
from registry.documents import build_release_document
from registry.errors import UploadMissingError
from registry.models import Release
from registry.publishing.limits import CHANGELOG_CHARS
from registry.publishing.receive import FIELD, PackageUploadHandler
from registry.publishing.states import ReleaseState

_FORM_FIELDS = frozenset({"tag", "changelog"})
_POLL_SECONDS = 0.05
_seats = threading.BoundedSemaphore(settings.MAX_WAITING)


def make_status_url(release: Release) -> str:
    """Where its publisher follows what becomes of an upload."""
    return f"{settings.BASE_URL}/api/v1/publications/{release.public_id}"


def wait_for_decision(release: Release, seconds: int) -> None:
    """Return when the release is decided, or after `seconds`.

    Returns at once while `MAX_WAITING` others wait in this process: the rest of its threads
    stay free for everybody else.
    """
    if not _seats.acquire(blocking=False):
        return
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if queries.get_state(release.pk) != ReleaseState.CHECKING:
                return
            time.sleep(_POLL_SECONDS)
    finally:
        _seats.release()


def find_form_faults(form: QueryDict) -> list[FieldError]:
    """What is wrong with the text fields of a publish form: all of it, by field."""
    faults = [
        FieldError(name[:100], "There is no such field.", allowed="package, tag, changelog")
        for name in sorted(set(form) - _FORM_FIELDS)
    ]
    for name in sorted(set(form) & _FORM_FIELDS):
        values = [str(value) for value in form.getlist(name)]
        if len(values) > 1:
            faults.append(FieldError(name, f"It was sent {len(values)} times.", allowed="once"))
        if any("\x00" in value for value in values):
            faults.append(FieldError(name, "Text fields may not contain NUL."))
        if any(len(value) > CHANGELOG_CHARS for value in values):
            allowed = f"at most {CHANGELOG_CHARS:,} characters"
            faults.append(FieldError(name, "It is too long.", allowed=allowed))
    return faults


class PublishMixin:
    """The publishing half of the catalogue's view."""

    def get_parsers(self) -> list[Any]:
        """Forms for POST."""
        return [MultiPartParser()]

    @extend_schema(
        operation_id="publishRelease",
        parameters=[WAIT],
        request={"multipart/form-data": PublishForm},
        responses={
            200: OpenApiResponse(PublishedRelease, "These bytes were published before."),
            201: OpenApiResponse(PublishedRelease, "Recorded, and the checks have ended."),
            202: OpenApiResponse(PublishedRelease, "Recorded; the checks go on."),
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Publish a package. Needs a token with the scope `publish`.

        202 (or 201, see `wait`) means that the registry has the package and will not lose it;
        `statusUrl` tells what the checks say.
        """
        # Who may not publish is told before the body is read.
        actor = get_actor(request, "publish")
        patience = read_number(request, "wait", 0, settings.MAX_WAIT_SECONDS, least=0)
        handler = PackageUploadHandler()
        with contextlib.closing(handler):
            form = self._read_form(request, handler)
            publication = publish_release(
                actor=actor,
                received=handler.get_received(),
                tag=form.get("tag", ""),
                changelog=form.get("changelog", ""),
                token_limit=get_request_token(request).limit,
            )
        if patience and publication.release.state == ReleaseState.CHECKING:
            wait_for_decision(publication.release, patience)
        return self._respond(request, actor, publication)

    def _read_form(self, request: Request, handler: PackageUploadHandler) -> dict[str, str]:
        """The text fields; the file goes to the handler as it arrives."""
        request._request.upload_handlers = [handler]  # noqa: SLF001 -- DRF has no other door
        sent = cast("QueryDict", request.data)
        if FIELD in sent:
            raise UploadMissingError(
                f"The field `{FIELD}` came as text, not as a file.",
                hint=f"curl -F {FIELD}=@my-plugin-1.0.0.tgz … (mind the @).",
            )
        faults = find_form_faults(sent)
        if faults:
            raise InvalidError("The form has faults.", fields=faults)
        return {name: str(sent[name]) for name in sent}

    def _respond(self, request: Request, actor: User, publication: Publication) -> HttpResponse:
        release = queries.get_publication(publication.release.public_id, actor=actor)
        decided = 201 if publication.is_new else 200
        status = decided if release.state != ReleaseState.CHECKING else 202
        document = build_release_document(
            release, queries.get_artifact(release), release.checks.all()
        )
        status_url = make_status_url(release)
        return respond_json(
            request,
            {**document, "statusUrl": status_url},
            status=status,
            cache=PRIVATE,
            headers={"Location": status_url},
        )
