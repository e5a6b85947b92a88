"""`POST /plugins`: publish a package."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings
from django.http import HttpResponse, QueryDict
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request

from accounts.api.views import get_actor, get_body_step, get_request_token
from accounts.models import User
from accounts.policies import check_has_second_factor, check_is_verified
from common.api.conditional import PRIVATE, respond_json
from common.gateway_protocol import BODY_AWAITED
from plugport.spec.api.bodies import PublishForm
from plugport.spec.api.releases import PublishedRelease
from plugport.spec.errors import FieldError, InvalidError
from plugport.spec.text import has_nul
from registry.actions.publish_release import Publication, publish_release
from registry.api.v1.parameters import STAGE, WAIT, get_choice_parameter, get_int_parameter
from registry.errors import InvalidTagError, UploadMissingError
from registry.models import Release
from registry.models.states import ReleaseState
from registry.package_limits import CHANGELOG_CHARS
from registry.publishing.admit import check_tag
from registry.publishing.receive import PACKAGE_FIELD, PackageUploadHandler
from registry.queries import catalog
from registry.queries.visibility_choices import list_wider_dependencies
from registry.queries.visible import Viewer
from registry.representations.releases import build_published_release

_FIELDS = tuple(PublishForm.__annotations__)
_TEXT_FIELDS = frozenset(_FIELDS) - {PACKAGE_FIELD}
_POLL_SECONDS = 0.05
wait_slots = threading.BoundedSemaphore(settings.MAX_WAITING)


def wait_for_decision(release: Release, seconds: int) -> None:
    """Return when the release is decided, or after `seconds`."""
    # Each waiting request occupies a thread. With more of them than this, a few slow uploads could
    # occupy all threads of the process; the others get their response immediately.
    if not wait_slots.acquire(blocking=False):
        return
    try:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            # Polled, because the worker that decides is another process.
            if catalog.get_release_state(release.pk) != ReleaseState.CHECKING:
                return
            time.sleep(_POLL_SECONDS)
    finally:
        wait_slots.release()


def list_form_errors(form: QueryDict) -> list[FieldError]:
    """Return every problem of the text fields of a publish form."""
    errors = [
        FieldError(name[:100], "Unknown field.", allowed=", ".join(_FIELDS))
        for name in sorted(set(form) - set(_FIELDS))
    ]
    for name in sorted(set(form) & _TEXT_FIELDS):
        values = [str(value) for value in form.getlist(name)]
        # Taking the first or the last one would depend on how a client orders its fields.
        if len(values) > 1:
            errors.append(FieldError(name, f"It was sent {len(values)} times.", allowed="once"))
        if has_nul(*values):
            errors.append(FieldError(name, "NUL is not allowed."))
        if any(len(value) > CHANGELOG_CHARS for value in values):
            allowed = f"at most {CHANGELOG_CHARS:,} characters"
            errors.append(FieldError(name, "It is too long.", allowed=allowed))
    return errors


def _iter_form_problems(form: QueryDict, handler: PackageUploadHandler) -> Iterator[InvalidError]:
    """Yield an error for the package, one for the text fields, and one for the dist-tag."""
    if PACKAGE_FIELD in form:
        yield UploadMissingError(
            f"The field `{PACKAGE_FIELD}` is text, not a file.",
            hint=f"curl -F {PACKAGE_FIELD}=@my-plugin-1.0.0.tgz … (note the @).",
            fields=[FieldError(PACKAGE_FIELD, "It is text, not a file.", "required")],
        )
    else:
        try:
            handler.get_received()
        except UploadMissingError as error:
            yield error
    errors = list_form_errors(form)
    if errors:
        yield InvalidError("The form is not valid.", fields=errors)
    if not any(error.field == "tag" for error in errors):
        try:
            check_tag(str(form.get("tag", "")))
        except InvalidTagError as error:
            yield error


class PublishMixin:
    """The POST method of the view of the catalog."""

    def get_parsers(self) -> list[Any]:
        """Return the parser for multipart forms."""
        return [MultiPartParser()]

    @extend_schema(
        operation_id="publishRelease",
        parameters=[WAIT, STAGE],
        request={"multipart/form-data": PublishForm},
        responses={
            200: OpenApiResponse(PublishedRelease, "The same content is already published."),
            201: OpenApiResponse(PublishedRelease, "Recorded, and the checks have finished."),
            202: OpenApiResponse(PublishedRelease, "Recorded; the checks are running."),
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Publish a package. Requires a token with the scope `publish`.

        202 (or 201, see `wait`) means that the registry has stored the package. Follow the checks
        at `statusUrl`. A staged release becomes public when an owner or maintainer approves it.
        """
        # Before `request.data`, so that an upload is not received from callers who may not publish.
        actor = get_actor(request, "publish")
        check_is_verified(actor)
        check_has_second_factor(actor, get_request_token(request))
        stage = get_choice_parameter(request.GET, "stage", ("true", "false")) == "true"
        wait_seconds = get_int_parameter(
            request.GET, "wait", 0, settings.MAX_WAIT_SECONDS, min_value=0
        )
        if get_body_step(request) == BODY_AWAITED:
            return HttpResponse(status=204)
        handler = PackageUploadHandler()
        with contextlib.closing(handler):
            form = self._parse_form(request, handler)
            publication = publish_release(
                actor=actor,
                received=handler.get_received(),
                tag=form.get("tag", ""),
                changelog=form.get("changelog", ""),
                visibility=form.get("visibility", ""),
                token=get_request_token(request),
                stage=stage,
            )
        if wait_seconds and publication.release.state == ReleaseState.CHECKING:
            wait_for_decision(publication.release, wait_seconds)
        return self._respond(request, actor, publication)

    def _parse_form(self, request: Request, handler: PackageUploadHandler) -> dict[str, str]:
        """Return the text fields. The handler receives the file while the form is read."""
        request._request.upload_handlers = [handler]  # noqa: SLF001 -- DRF has no public access to upload handlers
        form = cast("QueryDict", request.data)
        problems = [*_iter_form_problems(form, handler)]
        if len(problems) > 1:
            fields = [field for problem in problems for field in problem.fields]
            raise InvalidError("The form is not valid.", hint=problems[0].hint, fields=fields)
        # A single problem keeps its code.
        for problem in problems:
            raise problem
        return {name: str(form[name]) for name in form}

    def _respond(self, request: Request, actor: User, publication: Publication) -> HttpResponse:
        release = catalog.get_publication(publication.release.public_id, actor=actor)
        decided = 201 if publication.is_new else 200
        status = decided if release.state != ReleaseState.CHECKING else 202
        document = build_published_release(
            release,
            catalog.get_artifact(release),
            release.checks.all(),
            hidden_dependencies=list_wider_dependencies(
                release, Viewer(actor, get_request_token(request))
            ),
        )
        return respond_json(
            request,
            document,
            status=status,
            cache=PRIVATE,
            headers={"Location": document["statusUrl"]},
        )
