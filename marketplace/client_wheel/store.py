"""The built wheel on disk, and the record that names it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from marketplace.errors import ClientNotBuiltError

_RECORD = "client.json"


@dataclass(frozen=True, slots=True)
class ClientWheel:
    """A built wheel. `source` is the digest of what it was built from."""

    filename: str
    version: str
    requires_python: str
    sha256: str
    size_bytes: int
    source: str

    @property
    def path(self) -> Path:
        """The file."""
        return Path(settings.CLIENT_DIR) / self.filename


def find_wheel() -> ClientWheel | None:
    """Return the wheel that was built last, if its file exists. Reads one small file."""
    try:
        wheel = ClientWheel(**json.loads((Path(settings.CLIENT_DIR) / _RECORD).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        # A record of another version of this software counts as none: the wheel is built again.
        return None
    return wheel if wheel.path.is_file() else None


def get_wheel() -> ClientWheel:
    """Return the wheel that was built last. Raises `ClientNotBuiltError`."""
    wheel = find_wheel()
    if wheel is None:
        raise ClientNotBuiltError(
            "This registry has not built its command line.",
            hint="The operator can build it with `manage.py build_client`.",
        )
    return wheel


def record_wheel(wheel: ClientWheel) -> None:
    """Make a wheel, whose file is in the folder, the one that is served. Deletes older wheels."""
    folder = Path(settings.CLIENT_DIR)
    temporary = folder / f"{_RECORD}.{os.getpid()}"
    temporary.write_text(json.dumps(asdict(wheel)))
    temporary.replace(folder / _RECORD)
    for other in folder.glob("*.whl"):
        if other.name != wheel.filename:
            other.unlink(missing_ok=True)
