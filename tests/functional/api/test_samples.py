"""Malicious and unusual archives: each upload has the expected verdict and leaves no files.

The samples and what is expected of them are data; see the README next to them.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from registry.jobs.runner import run_pending_jobs
from registry.models import Artifact, Job, Plugin, Release, Scope, Upload
from tests.functional.api.calls import Api, expect_problem
from tests.support.data import DATA, shared_data
from tests.support.people import create_api_token

LIST = DATA / "archives" / "samples" / "expected.json"


@functools.cache
def load_expectations() -> dict[str, dict[str, Any]]:
    """Return what is expected of each sample, or nothing without the data."""
    rows = json.loads(LIST.read_text(encoding="utf-8")) if LIST.exists() else []
    return {row["file"]: row for row in rows}


@pytest.fixture
def sender(owner: User) -> Api:
    """A caller who may publish under the names of all samples, `@ar` included."""
    Scope.objects.create(name="ar", collision_key="ar", owner=owner.owner)
    return Api(create_api_token(owner, "publish"))


def list_files(*folders: Path) -> list[Path]:
    samples = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in samples if path.name != ".lock"]


def test_the_data_is_there() -> None:
    """In CI the tests below must not be empty because the data is missing."""
    assert len(list(shared_data("archives", "samples").glob("*.gz"))) == len(load_expectations())
    assert len(load_expectations()) >= 65


@pytest.mark.parametrize("name", list(load_expectations()))
def test_sample(
    sender: Api,
    name: str,
    packages_dir: Path,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    expected = load_expectations()[name]
    with django_capture_on_commit_callbacks(execute=True):
        response = sender.publish(shared_data("archives", "samples", name).read_bytes())
        run_pending_jobs()
    verdict = "accept" if response.status_code < 300 else "reject"
    assert expected["verdict"] in (verdict, "either"), response.content
    if verdict == "accept":
        check_published(sender, response)
    else:
        check_refused(response)
        assert list_files(packages_dir) == []
    assert list_files(Path(settings.SCRATCH_DIR)) == []
    assert not Upload.objects.exists()
    assert not Job.objects.exists()


def check_published(sender: Api, response: Any) -> None:
    """The release is complete and can be downloaded."""
    assert response.status_code == 202
    release = Release.objects.get()
    assert release.state == "published", release.verdict_reason
    document = sender.get(f"/plugins/{release.plugin.name}/{release.version}").json()
    assert document["version"] == response.json()["version"]
    assert not any(set(file["path"]) & set("\\\x00\x1b") for file in document["files"])
    assert sender.get(f"/plugins/{release.plugin.name}/latest/download").status_code == 200


def check_refused(response: Any) -> None:
    """The response has a message, and nothing was created."""
    problem = expect_problem(response, response.status_code, response.json()["code"])
    assert 400 <= response.status_code < 500
    assert problem["code"] not in ("invalid", "error", "malformed-request")
    assert len(problem["detail"]) < 1000
    assert response.content.decode().isprintable()
    for model in (Plugin, Release, Artifact):
        assert not model.objects.exists()
