"""Writing Atom feeds (RFC 4287).

Everything in a feed was written by strangers, and XML 1.0 forbids characters that JSON lets pass:
`clean_text` takes them out, the writer escapes the rest. Ids are tag URIs (RFC 4151): they name an
entry for good, also after the registry has moved to other paths.
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

# Before anything was published; the date that a feed without entries carries.
BEGINNING = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
# All that `Char` of XML 1.0 leaves out.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `key` is unique in the registry, `path` is where it leads, `html` what it says."""

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
    """A feed: where it is, the page it belongs to, and its entries, newest first."""

    path: str
    title: str
    subtitle: str
    page: str
    entries: Sequence[Entry]
    begun_at: dt.datetime = BEGINNING

    @property
    def updated_at(self) -> dt.datetime:
        """When the newest entry changed; without entries, when what it tells of began."""
        return max((entry.updated_at for entry in self.entries), default=self.begun_at)


class _Writer(Atom1Feed):
    """Django's writer, with a date that does not move while nothing happens."""

    def __init__(self, feed: Feed) -> None:
        self._updated_at = feed.updated_at
        super().__init__(
            title=clean_text(feed.title),
            link=make_url(feed.page),
            description="",
            subtitle=clean_text(feed.subtitle),
            feed_url=make_url(feed.path),
            feed_guid=make_id(feed.path.strip("/")),
            author_name=settings.REGISTRY_NAME,
            language="en",
        )

    def latest_post_date(self) -> dt.datetime:
        return self._updated_at

    def root_attributes(self) -> dict[str, str]:
        # Anchors and paths in what authors wrote count from here.
        return {**super().root_attributes(), "xml:base": f"{settings.BASE_URL}/"}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, object]) -> None:
        """As Django's, but the whole text is the entry's content."""
        content = item.pop("description")
        super().add_item_elements(handler, {**item, "description": None})
        handler.addQuickElement("content", str(content), {"type": "html"})


def write_feed(feed: Feed) -> bytes:
    """The feed as XML in UTF-8."""
    writer = _Writer(feed)
    for entry in feed.entries:
        writer.add_item(
            title=clean_text(entry.title),
            link=make_url(entry.path),
            description=clean_text(entry.html),
            unique_id=make_id(entry.key),
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
    return _FORBIDDEN.sub("", text)


def make_url(path: str) -> str:
    """The absolute address of a path of ours."""
    return settings.BASE_URL + quote(path, safe="/@:+~!$&'(),;=-._%#?")


def make_id(key: str) -> str:
    """The tag URI of something of this registry. The date only says that the host was ours then."""
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return f"tag:{host},{BEGINNING.year}:{quote(key, safe='/@:+~-._')}"
