"""What is stored and sent for a package grows with the package, in every manifest format."""

from __future__ import annotations

import json

import pytest

from plugport.spec.manifest.document import MAX_EXPANSION, MIN_EXPANDED_BYTES
from plugport.spec.manifest.formats.registry import MANIFEST_FORMATS
from plugport.spec.manifest.rendering import render_document
from registry.jobs.runner import run_pending_jobs
from registry.models import Plugin, Release
from tests.functional.api.calls import Api
from tests.support.archives import PackageBuilder
from tests.unit.spec.manifest.helpers import MINIMAL

NAME = "x"
PATHS = (
    f"/plugins/{NAME}",
    f"/plugins/{NAME}/versions",
    f"/plugins/{NAME}/1.0.0",
    f"/plugins/{NAME}/1.0.0/diff",
    "/plugins",
    f"/plugins?q={NAME}",
    f"/plugins/{NAME}/dependents",
)
PAGES = (f"/plugins/{NAME}", "/search", "/feeds/new.atom", "/")


def build_largest_package(name: str) -> tuple[bytes, int]:
    """A package whose manifest is as large as its format allows; returns it and the manifest's size."""
    known = MANIFEST_FORMATS[name]
    content = render_document({**MINIMAL[name], "description": "Large."}, known.syntax)
    if known.syntax == "yaml":
        text = "A" * 1_000
        count = (MIN_EXPANDED_BYTES - len(content)) // len(text) - 2
        content += f"x-large:\n- &a {text}\n".encode() + b"- *a\n" * count
    else:
        document = json.loads(content) | {"x-large": ["A" * 1_000] * 200}
        content = json.dumps(document).encode()
    return PackageBuilder().file(known.path, content).build(), len(content)


@pytest.mark.parametrize("name", MANIFEST_FORMATS)
def test_no_answer_is_much_larger_than_the_largest_manifest(name: str, author: Api) -> None:
    package, size = build_largest_package(name)
    response = author.publish(package)
    assert response.status_code == 202, response.content[:500]
    run_pending_jobs()
    allowed = 2 * max(MIN_EXPANDED_BYTES, MAX_EXPANSION * size)
    release = Release.objects.select_related("contents").get()
    assert len(json.dumps(release.contents.manifest)) <= allowed
    assert len(json.dumps(Plugin.objects.get().document)) < 10_000
    sizes = {path: len(author.get(path).content) for path in PATHS}
    sizes |= {path: len(Api().client.get(path).content) for path in PAGES}
    assert not {path: size for path, size in sizes.items() if size > allowed}
