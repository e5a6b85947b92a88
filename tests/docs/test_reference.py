"""The documentation matches the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from msgspec.structs import asdict

from plugport.spec.archive.model import ArchiveLimits
from plugport.spec.sizes import format_size
from tests.support.data import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[^)]*)?\)")


@pytest.mark.processes
def test_generated_pages_are_current() -> None:
    """docs/errors.md and docs/configuration.md are what `make docs` would write."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PLUGPORT_", "DATABASE_URL"))
    }
    done = subprocess.run(
        [sys.executable, "bin/make-docs.py", "--check"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_exist(page: Path) -> None:
    """Every relative link and image of a page exists."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    missing = [
        target
        for target, _ in _LINK.findall(text)
        if "://" not in target
        and not target.startswith(("/", "mailto:"))
        and not (page.parent / target).exists()
    ]
    assert missing == []


def test_make_targets_in_docs_exist() -> None:
    """A `make …` that a page shows is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    shown = {
        name
        for page in PAGES
        for name in re.findall(r"(?:`|\$ )make ([a-z-]+)", page.read_text(encoding="utf-8"))
    }
    assert shown <= targets


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("archive_bytes", "268.4 MB"),
        ("unpacked_bytes", "536.9 MB"),
        ("file_bytes", "268.4 MB"),
        ("entries", "20000"),
        ("path_bytes", "512 B"),
        ("component_bytes", "200 B"),
        ("depth", "32"),
        ("ratio", "200"),
        ("ratio_from_bytes", "16.8 MB"),
        ("manifest_bytes", "262.1 kB"),
        ("text_bytes", "1 MB"),
        ("texts_bytes", "4.2 MB"),
        ("paths_bytes", "2.1 MB"),
        ("headers_bytes", "16.8 MB"),
        ("header_bytes", "65.5 kB"),
    ],
)
def test_limits_page_has_the_numbers(field: str, text: str) -> None:
    """docs/limits.md names each limit with the number in force."""
    number = getattr(ArchiveLimits(), field)
    assert (format_size(number) if field.endswith("_bytes") else str(number)) == text
    page = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8").replace(" bytes", " B")
    assert re.search(rf"(?<![\d.]){re.escape(text)}(?![\d.])", page.replace(",", ""))


def test_every_limit_is_real() -> None:
    """No limit is zero or negative, which would switch it off."""
    assert all(value > 0 for value in asdict(ArchiveLimits()).values())


def test_compose_file_has_the_parts() -> None:
    """docker-compose.yml parses, has every part, and gives each process settings that exist."""
    from config.env import DECLARED

    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert {
        "postgres",
        "redis",
        "meilisearch",
        "s3",
        "nginx",
        "web",
        "worker",
        "migrate",
    } <= services.keys()
    for name in ("web", "worker", "migrate"):
        assert services[name]["environment"].keys() <= DECLARED.keys()
        assert services[name]["environment"]["PLUGPORT_ENV"] == "production"
    for service in services.values():
        assert ("image" in service) != ("build" in service)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or source.startswith("./deploy")


def test_required_variables_of_the_compose_file_are_documented() -> None:
    """docs/operations.md shows a `.env` with each variable that docker-compose.yml requires."""
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    shown = next(
        block for block in page.split("```text\n") if block.startswith("PLUGPORT_BASE_URL=")
    )
    names = re.findall(r"^([A-Z0-9_]+)=", shown.partition("```")[0], re.MULTILINE)
    assert set(names) == set(re.findall(r"\$\{([A-Z0-9_]+):\?\}", compose))


def test_dockerfile_copies_what_is_there() -> None:
    """Every COPY of the Dockerfile names files of the repository."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    sources = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert sources
    assert all((ROOT / source).exists() for source in sources)


def test_readme_has_the_two_commands() -> None:
    """The README starts with a description, an image, and the two commands."""
    head = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")[0]
    assert "make run" in head
    assert "make test" in head
    assert "docs/images/home.png" in head


def test_the_guide_to_trust_lists_every_check() -> None:
    """docs/guides/trust.md has a row for each check of docs/checks.md."""
    titles = re.findall(r"^## (.+) \(`", (ROOT / "docs/checks.md").read_text(), re.MULTILINE)
    guide = (ROOT / "docs/guides/trust.md").read_text()
    assert re.findall(r"^\| \[(.+?)\]\(\.\./checks\.md#", guide, re.MULTILINE) == titles
