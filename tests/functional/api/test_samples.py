"""Hostile and odd archives through the front door: each gets its verdict and leaves no trace.

The samples and what is expected of them are data; see the README beside them.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from registry.models import Artifact, Job, Plugin, Release, Scope, Upload
from registry.work import work_off
from tests.functional.api.calls import Api, expect_problem
from tests.support.data import DATA, shared_data
from tests.support.people import make_token

LIST = DATA / "archives" / "samples" / "expected.json"


@functools.cache
def read_expectations() -> dict[str, dict[str, Any]]:
    """What the data says of each sample; nothing where there is no data."""
    rows = json.loads(LIST.read_text(encoding="utf-8")) if LIST.exists() else []
    return {row["file"]: row for row in rows}


@pytest.fixture
def sender(owner: User) -> Api:
    """May publish everything the samples are called, `@ar` included."""
    Scope.objects.create(name="ar", collision_key="ar", owner=owner)
    return Api(make_token(owner, "publish"))


def list_files(*folders: Path) -> list[Path]:
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [path for path in found if path.name != ".lock"]


def test_the_data_is_there() -> None:
    """In CI the tests below must not be empty for want of data."""
    assert len(list(shared_data("archives", "samples").glob("*.gz"))) == len(read_expectations())
    assert len(read_expectations()) >= 65


@pytest.mark.parametrize("name", list(read_expectations()))
def test_sample(
    sender: Api,
    name: str,
    packages_dir: Path,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    expected = read_expectations()[name]
    with django_capture_on_commit_callbacks(execute=True):
        answer = sender.publish(shared_data("archives", "samples", name).read_bytes())
        work_off()
    verdict = "accept" if answer.status_code < 300 else "reject"
    assert expected["verdict"] in (verdict, "either"), answer.content
    if verdict == "accept":
        check_published(sender, answer)
    else:
        check_refused(answer)
        assert list_files(packages_dir) == []
    assert list_files(Path(settings.SCRATCH_DIR)) == []
    assert not Upload.objects.exists()
    assert not Job.objects.exists()


def check_published(sender: Api, answer: Any) -> None:
    """The whole release is there and can be had."""
    assert answer.status_code == 202
    release = Release.objects.get()
    assert release.state == "published", release.verdict_reason
    document = sender.get(f"/plugins/{release.plugin.name}/{release.version}").json()
    assert document["version"] == answer.json()["version"]
    assert not any(set(file["path"]) & set("\\\x00\x1b") for file in document["files"])
    assert sender.get(f"/plugins/{release.plugin.name}/latest/download").status_code == 200


def check_refused(answer: Any) -> None:
    """A clear message, and nothing was made."""
    problem = expect_problem(answer, answer.status_code, answer.json()["code"])
    assert 400 <= answer.status_code < 500
    assert problem["code"] not in ("invalid", "error", "malformed-request")
    assert len(problem["detail"]) < 1000
    assert answer.content.decode().isprintable()
    for model in (Plugin, Release, Artifact):
        assert not model.objects.exists()
