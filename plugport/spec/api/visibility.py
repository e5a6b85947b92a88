"""Who may see a plugin or the plugins of a scope."""

from __future__ import annotations

from typing import Annotated, TypedDict

from plugport.spec.api.values import VISIBILITIES, describe, one_of


class VisibilityChoice(TypedDict):
    """A visibility, and who would see what then."""

    visibility: Annotated[str, one_of(VISIBILITIES)]
    allowed: Annotated[bool, describe("Whether the scope, and the name, allow it.")]
    readers: Annotated[str, describe("Who sees it, as a sentence.")]
    people: Annotated[list[str], describe("Accounts that see it whatever the visibility.")]
    dependents: Annotated[
        list[str], describe("Public plugins that need it, which others could no longer install.")
    ]
    dependencies: Annotated[list[str], describe("Dependencies that some of its users cannot see.")]
    plugins: Annotated[list[str], describe("Of a scope: the plugins that change with it.")]


class VisibilityState(TypedDict):
    """The visibility of a plugin or a scope, and a preview of each."""

    name: Annotated[str, describe("The plugin, or the scope with its `@`.")]
    visibility: Annotated[str, one_of(VISIBILITIES)]
    choices: list[VisibilityChoice]
