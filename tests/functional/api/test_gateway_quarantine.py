"""A quarantine ends what the gateway has in memory of a plugin before the next request."""

from __future__ import annotations

import re

import httpx
import pytest
from django.urls import reverse

from tests.support.publishing import build_package
from tests.support.server import LiveRegistry, publish_and_wait, wait_until

pytestmark = pytest.mark.processes
NAME = "@quentin/chat"
PAGE, DOCUMENT = f"/plugins/{NAME}", f"/api/v1/plugins/{NAME}"
VERSIONS, PACKAGE = f"{DOCUMENT}/versions", f"{DOCUMENT}/1.0.0/download"
PATHS = (PAGE, f"{PAGE}/1.0.0", f"{PAGE}/versions", DOCUMENT, VERSIONS, PACKAGE)
WORDS = "Words of the author."


def quarantine(registry: LiveRegistry) -> None:
    """Quarantine the release as the moderator `mona`, with the form of the admin."""
    registry.create_api_tokens(mona={"is_moderator": True, "is_staff": True})
    release = registry.run(
        "import json, sys\n"
        "from registry.models import Release\n"
        "print(Release.objects.get(plugin__name=json.load(sys.stdin)).pk)",
        NAME,
    ).strip()
    with registry.client() as desk:
        desk.cookies["sessionid"] = registry.create_session("mona")
        path = reverse("admin:registry_release_decide", args=["quarantine"])
        form = desk.get(path, params={"release": release})
        names = ("csrfmiddlewaretoken", "release")
        sent = {name: re.findall(f'name="{name}" value="([^"]+)"', form.text)[-1] for name in names}
        done = desk.post(path, data={**sent, "reason": "It is malware."})
        next_page = reverse("admin:registry_release_change", args=[release])
        assert (done.status_code, done.headers["Location"]) == (302, next_page)


def list_states(reader: httpx.Client) -> list[str]:
    return [each["state"] for each in reader.get(VERSIONS).json()["versions"]]


def test_the_next_responses_show_the_quarantine(live_registry: LiveRegistry) -> None:
    token = live_registry.create_api_tokens("quentin")["quentin"]
    package = build_package(NAME, description=WORDS, files={"README.md": f"# Chat\n\n{WORDS}\n"})
    with live_registry.client(token) as author:
        publish_and_wait(author, package)
    with live_registry.client() as reader:
        for path in PATHS:
            # A response from memory has its age, in whole seconds.
            wait_until(lambda path=path: "Age" in reader.get(path).headers)
        assert WORDS in reader.get(PAGE).text
        assert WORDS in reader.get(DOCUMENT).text
        assert list_states(reader) == ["published"]
        quarantine(live_registry)
        refused = reader.get(PACKAGE)
        assert (refused.status_code, refused.json()["code"]) == (403, "release-blocked")
        assert list_states(reader) == ["quarantined"]
        for path in PATHS[:-1]:
            text = reader.get(path).text
            assert WORDS not in text, path
            assert path == DOCUMENT or "quarantined" in text.lower(), path
