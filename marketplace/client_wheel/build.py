"""Build the wheel of the command line from the source of this registry, without a download.

The build backend is the installed setuptools, which `requirements/` pins. The same source gives the
same bytes, so that every web server of a registry serves one hash.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from marketplace.client_wheel.store import ClientWheel, find_wheel, record_wheel
from marketplace.errors import ClientBuildError

BUILD_SECONDS = 300
_ROOT_FILES = ("pyproject.toml", "README.md", "LICENSE")
_PACKAGE = "plugport"
# The earliest time that a ZIP file can have.
_FILE_TIME = "315532800"
_BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


def build_client_wheel() -> tuple[ClientWheel, bool]:
    """Build the wheel if its source changed; returns it, and whether it was built now.

    Raises `ClientBuildError`.
    """
    folder = Path(settings.CLIENT_DIR)
    files = dict(_iter_source_files(Path(settings.BASE_DIR)))
    source = _compute_source_digest(files)
    existing = find_wheel()
    if existing is not None and existing.source == source:
        return existing, False
    folder.mkdir(parents=True, exist_ok=True)
    # In the same folder, so that the result can be renamed into place.
    with tempfile.TemporaryDirectory(prefix="build-", dir=folder) as temporary:
        # A copy, because the backend writes beside the source, which may be read-only.
        root, output = Path(temporary) / "source", Path(temporary) / "output"
        _copy_files(files, root)
        output.mkdir()
        built = _run_backend(root, output)
        wheel = _describe_wheel(built, source)
        built.replace(folder / built.name)
    record_wheel(wheel)
    return wheel, True


def _iter_source_files(root: Path) -> Iterator[tuple[str, Path]]:
    for name in _ROOT_FILES:
        if (root / name).is_file():
            yield name, root / name
    for path in sorted((root / _PACKAGE).rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(root).as_posix(), path


def _compute_source_digest(files: dict[str, Path]) -> str:
    digest = hashlib.sha256(f"setuptools {version('setuptools')}".encode())
    for name, path in files.items():
        content = path.read_bytes()
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _copy_files(files: dict[str, Path], root: Path) -> None:
    for name, path in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        # The wheel contains the mode, which must not depend on the checkout.
        target.chmod(0o644)


def _run_backend(root: Path, output: Path) -> Path:
    """Run the build backend in a process of its own, and return the wheel."""
    try:
        done = subprocess.run(  # noqa: S603 -- nothing of it comes from a user
            # Isolated, so that variables of Python cannot change the result.
            [sys.executable, "-I", "-c", _BUILD, str(output)],
            cwd=root,
            env={**os.environ, "SOURCE_DATE_EPOCH": _FILE_TIME},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=BUILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ClientBuildError(
            f"The wheel of the command line was not built in {BUILD_SECONDS} s."
        ) from None
    wheels = sorted(output.glob(f"{_PACKAGE}-*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise ClientBuildError(
            f"The wheel of the command line cannot be built: {reason}",
            hint="Install `requirements/run.txt`, which contains setuptools.",
        )
    return wheels[0]


def _describe_wheel(built: Path, source: str) -> ClientWheel:
    content = built.read_bytes()
    # The second part of the file name (binary distribution format).
    number = built.name.split("-")[1]
    with zipfile.ZipFile(built) as archive:
        metadata = archive.read(f"{_PACKAGE}-{number}.dist-info/METADATA").decode()
    return ClientWheel(
        filename=built.name,
        version=number,
        requires_python=HeaderParser().parsestr(metadata)["Requires-Python"] or "",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        source=source,
    )
