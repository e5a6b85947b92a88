"""Explain what does not exist: suggest similar names, and the command that lists versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plugport.client import RegistryClient
    from plugport.spec.names import PluginName

MAX_SUGGESTIONS = 3


@contextmanager
def explain_missing(client: RegistryClient, name: PluginName) -> Iterator[None]:
    """Add a hint for this command line to the error for a plugin or release that does not exist."""
    from plugport.spec.errors import MissingError

    try:
        yield
    except MissingError as error:
        # By code: the client knows the classes of the registry's errors by status only.
        if error.code == "unknown-plugin":
            error.hint = _build_name_hint(client, name)
        elif error.code == "unknown-release":
            error.hint = f"Run `plugport versions {name}` for a list."
        raise


def _build_name_hint(client: RegistryClient, name: PluginName) -> str:
    similar = [f"`{each}`" for each in _find_similar_names(client, name)]
    search = f"Run `plugport search {name.name}` to find plugins."
    return f"Did you mean {_join_alternatives(similar)}? {search}" if similar else search


def _find_similar_names(client: RegistryClient, name: PluginName) -> list[PluginName]:
    from plugport.spec.errors import PlugportError

    # People remember a name better than its scope.
    texts = [str(name), name.name] if name.scope is not None else [name.name]
    try:
        for text in texts:
            # Without invalid names of the response, so that hints can be copied.
            if names := client.suggest_names(text, MAX_SUGGESTIONS):
                return names
    except PlugportError:
        # The error that is explained matters more than its suggestions.
        return []
    return []


def _join_alternatives(words: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))
