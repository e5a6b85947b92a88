"""The head and the tabs of the pages about an upload, and who may open them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.pages.current_user import get_signed_in_user
from accounts.policies import is_security_reviewer
from registry.models import Release
from registry.models.states import PUBLIC_STATES
from registry.queries.catalog import get_artifact, get_publication_page
from registry.visibility import has_package

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab. `key` names its template and the end of its URL pattern's name."""

    key: str
    title: str
    # It shows lines of code or of a comparison.
    is_wide: bool = False

    @property
    def pattern(self) -> str:
        """The name of its URL pattern."""
        return "publication" if self is OVERVIEW else f"publication-{self.key}"


OVERVIEW = Tab("overview", "Overview")
README = Tab("readme", "README")
FILES = Tab("files", "Files", is_wide=True)
COMPARE = Tab("compare", "Compare", is_wide=True)
MANIFEST = Tab("manifest", "Manifest", is_wide=True)
TABS = (OVERVIEW, README, FILES, COMPARE, MANIFEST)


def publication_page(*columns: str) -> Callable[[View], View]:
    """Decorate a view: it receives the release with these columns of its contents.

    Answers are never stored: they are for members of the plugin and moderators only. Raises
    `UnknownPublicationError` for all other accounts.
    """

    def decorate(view: View) -> View:
        @require_safe
        @never_cache
        # Before the query, so that the redirect does not depend on its result.
        @login_required
        @wraps(view)
        def render_release(
            request: HttpRequest, public_id: uuid.UUID, **rest: Any
        ) -> HttpResponseBase:
            actor = get_signed_in_user(request)
            release = get_publication_page(public_id, actor=actor, columns=columns)
            return view(request, release, **rest)

        return render_release

    return decorate


def build_tab_url(release: Release, tab: Tab) -> str:
    """Return the URL of a tab."""
    return reverse(tab.pattern, args=[release.public_id])


def render_tab(
    request: HttpRequest, release: Release, tab: Tab, context: dict[str, Any], *, title: str = ""
) -> HttpResponse:
    """Render the page of a tab. No query."""
    actor, artifact = get_signed_in_user(request), get_artifact(release)
    page = {
        "release": release,
        "plugin": release.plugin,
        "is_public": release.state in PUBLIC_STATES,
        "has_package": has_package(release),
        "package_address": reverse("publication-package", args=[release.public_id])
        if has_package(release)
        else "",
        "package_bytes": artifact.size_bytes,
        "package_sha256": artifact.sha256,
        "admin_address": reverse("admin:registry_release_change", args=[release.pk])
        if is_security_reviewer(actor) and actor.is_staff
        else "",
        "tab": tab,
        "tabs": [(each, build_tab_url(release, each)) for each in TABS],
        "files_address": build_tab_url(release, FILES),
        "panel": f"partials/publication_{tab.key}.html",
        "tab_title": title or ("" if tab is OVERVIEW else tab.title),
    }
    return render(request, "pages/publication.html", {**page, **context})
