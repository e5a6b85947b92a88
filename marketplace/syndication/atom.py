"""Render Atom feeds (RFC 4287).

Feeds contain untrusted text, and XML 1.0 forbids characters that JSON allows: `clean_text` removes
them, and the writer escapes the rest. Ids are tag URIs (RFC 4151), which stay the same when paths
change.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed
from django.utils.xmlutils import SimplerXMLGenerator

# The date of feeds without entries.
EPOCH = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
# The complement of the production `Char` of XML 1.0.
_FORBIDDEN_XML_CHARS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry. `key` is unique in the registry, `path` is the linked page, `html` the content."""

    key: str
    title: str
    path: str
    updated_at: dt.datetime
    published_at: dt.datetime
    author: str
    html: str
    categories: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed with its path, the path of its page, and its entries, newest first."""

    path: str
    title: str
    subtitle: str
    page: str
    entries: Sequence[Entry]
    started_at: dt.datetime = EPOCH

    @property
    def updated_at(self) -> dt.datetime:
        """The date of the newest entry; without entries, the start of the subject."""
        return max((entry.updated_at for entry in self.entries), default=self.started_at)


class _AtomWriter(Atom1Feed):
    """Django's writer, with a date that only changes with the entries."""

    def __init__(self, feed: Feed) -> None:
        self._updated_at = feed.updated_at
        super().__init__(
            title=clean_text(feed.title),
            link=build_url(feed.page),
            description="",
            subtitle=clean_text(feed.subtitle),
            feed_url=build_url(feed.path),
            feed_guid=build_tag_uri(feed.path.strip("/")),
            author_name=settings.REGISTRY_NAME,
            language="en",
        )

    def latest_post_date(self) -> dt.datetime:
        return self._updated_at

    def root_attributes(self) -> dict[str, str]:
        # The base for anchors and relative paths in the content.
        return {**super().root_attributes(), "xml:base": f"{settings.BASE_URL}/"}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, object]) -> None:
        """Write the text as `content` instead of `summary`."""
        content = item.pop("description")
        super().add_item_elements(handler, {**item, "description": None})
        handler.addQuickElement("content", str(content), {"type": "html"})


def render_feed(feed: Feed) -> bytes:
    """The feed as XML in UTF-8."""
    writer = _AtomWriter(feed)
    for entry in feed.entries:
        writer.add_item(
            title=clean_text(entry.title),
            link=build_url(entry.path),
            description=clean_text(entry.html),
            unique_id=build_tag_uri(entry.key),
            updateddate=entry.updated_at,
            pubdate=entry.published_at,
            author_name=clean_text(entry.author),
            categories=[clean_text(each) for each in entry.categories],
        )
    out = BytesIO()
    writer.write(out, "utf-8")
    return out.getvalue()


def clean_text(text: str) -> str:
    """The text without characters that XML 1.0 forbids."""
    return _FORBIDDEN_XML_CHARS.sub("", text)


def build_url(path: str) -> str:
    """The absolute URL of a path of this registry."""
    return settings.BASE_URL + quote(path, safe="/@:+~!$&'(),;=-._%#?")


def build_tag_uri(key: str) -> str:
    """The tag URI of an object of this registry (RFC 4151). The year is fixed, so that ids are stable."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"tag:{host},{EPOCH.year}:{quote(key, safe='/@:+~-._')}"
