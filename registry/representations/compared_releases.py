"""Load two releases to compare them, and name the result by what it depends on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast

from common.expensive.results import build_key, get_code_digest, load_or_compute
from registry.models import Release, ReleaseContents
from registry.representations import diffs
from registry.representations.diffs import ComparedRelease
from registry.visibility import Audience

T = TypeVar("T")

# Of manifests and lists of files, as JSON. Comparing that much takes a few milliseconds. A list of
# 9,900 files has 1,400,000; comparing two of them takes 150 ms.
MAX_CHEAP_CHARS = 100_000


@dataclass(frozen=True, slots=True)
class ReleasePair:
    """Two releases of a plugin, or one that is compared with nothing. Needs no contents of them."""

    before: Release | None
    after: Release
    audience: Audience = Audience.EVERYONE

    def load_or_compute(self, function: Callable[..., T], *facts: str) -> T:
        """The result of `function(before, after, *facts)`: 1 query, none if the result is stored.

        The function gets the releases as `ComparedRelease`. Raises `ServerBusyError`.
        """
        key = build_key(
            get_code_digest(
                str(settings.BASE_DIR / "plugport" / "spec"),
                str(diffs.__file__),
                inspect.getfile(function),
            ),
            function.__qualname__,
            facts,
            self.before and self._list_facts(self.before),
            self._list_facts(self.after),
        )
        return load_or_compute(key, function, lambda: (*self._load(), *facts), is_cheap=_is_cheap)

    def _list_facts(self, release: Release) -> list[Any]:
        # The contents of a release never change, and no other release has its id.
        return [str(release.public_id), release.version, release.state, self._is_hidden(release)]

    def _is_hidden(self, release: Release) -> bool:
        return self.audience is Audience.EVERYONE and release.is_blocked

    def _load(self) -> tuple[ComparedRelease | None, ComparedRelease]:
        # As text: decoding megabytes of JSON is a part of the work.
        rows = ReleaseContents.objects.filter(
            release__in=[release.pk for release in (self.before, self.after) if release]
        )
        contents = {
            release_id: (manifest, files)
            for release_id, manifest, files in rows.values_list(
                "release_id", Cast("manifest", TextField()), Cast("files", TextField())
            )
        }

        def build(release: Release) -> ComparedRelease:
            manifest, files = contents[release.pk]
            return ComparedRelease(
                release.version, release.state, self._is_hidden(release), manifest, files
            )

        return build(self.before) if self.before else None, build(self.after)


def _is_cheap(before: ComparedRelease | None, after: ComparedRelease, *_facts: str) -> bool:
    releases = [release for release in (before, after) if release]
    return sum(len(each.manifest) + len(each.files) for each in releases) <= MAX_CHEAP_CHARS
