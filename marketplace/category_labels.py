"""Icons and descriptions of common categories. Authors choose categories freely, so many have none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CategoryLabel:
    """The icon of a category, and a sentence that is empty for unknown categories."""

    icon: str = "tag"
    description: str = ""


_LABELS: Mapping[str, CategoryLabel] = {
    "ai": CategoryLabel("layers", "Models, prompts and agents"),
    "analytics": CategoryLabel("chart", "Numbers about use and behavior"),
    "authentication": CategoryLabel("key", "Signing in, sessions and accounts"),
    "automation": CategoryLabel("gear", "Work that runs by itself"),
    "communication": CategoryLabel("chat", "Chat, mail and other ways to reach people"),
    "data": CategoryLabel("table", "Tables, records and their quality"),
    "database": CategoryLabel("database", "Queries, schemas and migrations"),
    "deployment": CategoryLabel("server", "Building, releasing and hosting"),
    "design": CategoryLabel("image", "Interfaces, pictures and style"),
    "development": CategoryLabel("code", "Tools for people who write code"),
    "documentation": CategoryLabel("book", "Texts that explain to others"),
    "finance": CategoryLabel("card", "Prices, invoices and accounts"),
    "images": CategoryLabel("image", "Pictures: reading, changing, serving"),
    "integration": CategoryLabel("plug", "Connections to other systems"),
    "integrations": CategoryLabel("plug", "Connections to other systems"),
    "learning": CategoryLabel("book", "Courses, exercises and explanations"),
    "memory": CategoryLabel("layers", "What agents remember"),
    "messaging": CategoryLabel("chat", "Queues, channels and notifications"),
    "monitoring": CategoryLabel("pulse", "Errors, alerts and health"),
    "observability": CategoryLabel("pulse", "Dashboards, charts and traces"),
    "operations": CategoryLabel("gear", "Running systems and fixing them"),
    "payments": CategoryLabel("card", "Taking and making payments"),
    "productivity": CategoryLabel("bolt", "Notes, plans and daily work"),
    "search": CategoryLabel("search", "Finding things in your data"),
    "security": CategoryLabel("shield", "Policies, audits and privacy"),
    "storage": CategoryLabel("database", "Where messages, files and sessions are kept"),
    "testing": CategoryLabel("checked", "Tests, reviews and quality"),
    "text": CategoryLabel("text", "Reading, writing and measuring texts"),
    "tools": CategoryLabel("wrench", "Small helpers for single tasks"),
    "web": CategoryLabel("globe", "Pages, browsers and requests"),
}
_UNKNOWN = CategoryLabel()


def get_category_label(slug: str) -> CategoryLabel:
    """Return icon and description of a category."""
    return _LABELS.get(slug, _UNKNOWN)
