"""Names that a package exports, imported when they are first used (PEP 562).

A package whose `__init__` imports all of its modules makes every program pay for all of them that
imports one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module


def export_lazily(package: str, modules: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package.

    `modules` maps each exported name to its module, relative to the package.
    """

    def find_export(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return find_export
