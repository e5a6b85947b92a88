"""Hostile and unusual packages, from the archive to the manifest."""

from __future__ import annotations

import json

import pytest

from plugport.spec.archive.reader import load_package
from plugport.spec.errors import PlugportError
from plugport.spec.manifest.parsing import parse_manifest
from tests.support.data import shared_data

# Samples whose fate the manifest decides, and the code of the problem that decides it.
SAMPLES = {
    "ok-agent-relay": None,
    "ok-claude": None,
    "ok-cortex": None,
    "ok-donkeylabs": None,
    "ok-dot-slash-names": None,
    "odd-top-directory": None,
    "script-postinstall": None,
    "version-8": None,
    "json-deep": "too-deep",
    "json-duplicate-key": "duplicate-key",
    "manifest-empty": "empty",
    "manifest-invalid-utf8": "not-utf-8",
    "manifest-list": "not-a-mapping",
    "name-0": "invalid-name",
    "name-1": "invalid-name",
    "name-2": "invalid-name",
    "name-4": "invalid-name",
    "name-5": "invalid-name",
    "name-6": "invalid-name",
    "version-0": "invalid-version",
    "version-1": "invalid-version",
    "version-2": "invalid-version",
    "version-3": "invalid-version",
    "version-4": "invalid-version",
    "version-5": "invalid-version",
    "version-6": "invalid-version",
    "version-7": "invalid-version",
    "version-float": "version-not-text",
    "yaml-billion-laughs": "too-many-values",
    "yaml-duplicate-key": "duplicate-key",
    "yaml-python-tag": "yaml-tag",
    "yaml-self-alias": "yaml-alias-cycle",
    "yaml-two-documents": "several-documents",
}
# Refused before, by the archive, or for having no manifest at all.
BEFORE = {
    "manifest-50mb",
    "manifest-directory",
    "manifest-nested-only",
    "name-5000",
    "name-control",
    "name-deep",
    "name-nul",
}


def judge(name: str) -> tuple[str | None, list[str]]:
    """Return the error code of a sample, or None, and the codes of its fields."""
    try:
        package = load_package(shared_data("archives", "samples", f"{name}.tar.gz"))
        parse_manifest(package.texts, [entry.path for entry in package.files])
    except PlugportError as error:
        return error.code, [problem.code for problem in error.fields]
    return None, []


def test_every_sample_about_manifests_is_tested_here():
    samples = json.loads(shared_data("archives", "samples", "expected.json").read_text())
    names = {sample["file"].removesuffix(".tar.gz"): sample["verdict"] for sample in samples}
    about = {n for n in names if n.startswith(("yaml-", "json-", "manifest-", "version-", "name-"))}
    assert about - BEFORE - {"name-3"} <= set(SAMPLES)
    for name, code in SAMPLES.items():
        assert names[name] in ({"accept", "either"} if code is None else {"reject", "either"}), name


@pytest.mark.parametrize(("name", "code"), SAMPLES.items())
def test_samples(name, code):
    if code is None:
        assert judge(name) == (None, [])
    else:
        assert judge(name) == ("invalid-manifest", [code])


@pytest.mark.parametrize("name", sorted(BEFORE))
def test_samples_that_never_reach_the_manifest(name):
    code, _ = judge(name)
    assert code not in {None, "invalid-manifest"}


def test_a_scope_is_not_checked_by_the_parser():
    assert judge("name-3") == (None, [])
