"""README, changelog and license in UTF-16, as Windows tools write them."""

from __future__ import annotations

import pytest

from accounts.models import User
from registry.jobs.runner import run_pending_jobs
from registry.queries import catalog
from tests.support.publishing import build_package, publish_bytes

pytestmark = pytest.mark.django_db

README = "# Grüße\n\nA plugin with a README from a shell that writes UTF-16.\n"
CHANGELOG = "## 1.0.0\n\n- Erste Fassung für alle.\n"
LICENSE = "SPDX-License-Identifier: MIT\n\nFür alle.\n"
SECRET = "token = 'ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8" + "'\n"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_texts_are_read_by_their_mark(owner: User, encoding: str) -> None:
    files: dict[str, str | bytes] = {
        "README.md": README.encode(encoding),
        "CHANGELOG.md": CHANGELOG.encode(encoding),
        "LICENSE": LICENSE.encode(encoding),
    }
    release = publish_bytes(owner, build_package(files=files))
    run_pending_jobs()
    release.refresh_from_db()
    contents = release.contents
    assert (release.state, contents.readme, contents.changelog, contents.licences) == (
        "published",
        README,
        CHANGELOG,
        {"LICENSE": LICENSE},
    )
    rules = {f["rule"] for run in catalog.list_checks(release) for f in run.findings}
    assert not rules & {"text-invalid", "text-encoding-unknown", "licence-mismatch"}


def test_text_without_a_mark_is_rejected_by_name(owner: User) -> None:
    files: dict[str, str | bytes] = {"README.md": README.encode("utf-16-le")}
    release = publish_bytes(owner, build_package(files=files))
    run_pending_jobs()
    release.refresh_from_db()
    assert release.state == "rejected"
    (message,) = (
        finding["message"]
        for run in catalog.list_checks(release)
        for finding in run.findings
        if finding["severity"] == "error"
    )
    assert message.startswith("`README.md` has NUL bytes")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_secrets_are_found_in_every_marked_encoding(owner: User, encoding: str) -> None:
    files: dict[str, str | bytes] = {"settings.ini": SECRET.encode(encoding)}
    release = publish_bytes(owner, build_package(files=files))
    run_pending_jobs()
    findings = [f for run in catalog.list_checks(release) for f in run.findings]
    assert [f["path"] for f in findings if f["rule"].startswith("secret-")] == ["settings.ini"]
