"""Settings that are one of a few words refuse all others, instead of meaning the default."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.support.data import ROOT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # With each of these, a public server would run without TLS and Secure cookies.
        *(("PLUGPORT_ENV", value) for value in ("prod", "Production", "live", "")),
        ("PLUGPORT_LOG_FORMAT", "JSON"),
        ("PLUGPORT_LOG_LEVEL", "verbose"),
        ("PLUGPORT_README_IMAGES", "off"),
    ],
)
def test_an_unknown_word_is_refused_by_name(
    name: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUGPORT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is `{value}`. Allowed: "):
        runpy.run_path(str(ROOT / "config" / "settings.py"))
