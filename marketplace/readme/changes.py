"""Render the changelog entries of releases."""

from __future__ import annotations

import re

from django.utils.safestring import SafeString

from marketplace.readme.link_base import LinkBase
from marketplace.readme.links import SourceTree
from marketplace.readme.render import render_readme
from plugport.spec.changelog import cut_text
from registry.models import Release
from registry.visibility import Audience

# The length of an entry in lists, which have many.
MAX_LISTED_CHARS = 2_000
_FILE = "CHANGELOG.md"
_FENCE = re.compile(r"^([ \t>]*(?:`{3,}|~{3,}))[^\n`]*$", re.MULTILINE)


def render_release_changes(
    name: str, release: Release, *, audience: Audience = Audience.EVERYONE
) -> SafeString:
    """The changelog entry of a release of the plugin `name` as safe HTML; "" if there is none.

    No query if the release was loaded with its contents, their files and changelog entry.
    """
    link_base = LinkBase.build_for_release(name, release, path=_FILE, audience=audience)
    entry = release.contents.changelog_entry
    return render_readme(entry, path=_FILE, link_base=link_base, has_anchors=False)


def render_listed_changes(text: str, repository: object) -> SafeString:
    """The first 2,000 characters of a changelog entry as safe HTML; "" if it is empty.

    `repository` is that of the manifest. Remote images are links, because feed readers resolve no
    relative URLs of images. Code is not highlighted: feed readers have no style sheet for it, and it
    takes most of the rendering time.
    """
    plain = _FENCE.sub(r"\1", cut_text(text, MAX_LISTED_CHARS))
    link_base = LinkBase(repository=SourceTree.find(repository))
    return render_readme(
        plain, path=_FILE, link_base=link_base, shows_images=False, has_anchors=False
    )
