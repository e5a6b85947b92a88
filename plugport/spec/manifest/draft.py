"""A manifest under construction, in which every member may still be missing."""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import fields

from plugport.spec.manifest.fields import Cursor
from plugport.spec.manifest.kind_fields import report_missing
from plugport.spec.manifest.kinds import KINDS
from plugport.spec.manifest.model import (
    Config,
    Dependencies,
    JsonValue,
    Manifest,
    Permissions,
    Person,
    Repository,
)
from plugport.spec.names import PluginName
from plugport.spec.versions import Version


class ManifestDefaults(Struct, frozen=True):
    """Values for members that the manifest does not have.

    `scope` is added to a name without one. `name` replaces the name in the manifest.
    """

    name: PluginName | None = None
    scope: str | None = None
    version: Version | None = None
    description: str = ""
    author: Person | None = None
    license: str | None = None
    homepage: str | None = None
    repository: Repository | None = None


class Draft(Struct):
    """The members of `Manifest`, before they are complete. See there."""

    name: PluginName | None = None
    version: Version | None = None
    kind: str | None = None
    description: str = ""
    display_name: str | None = None
    author: Person | None = None
    license: str | None = None
    homepage: str | None = None
    repository: Repository | None = None
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    main: str | None = None
    types: str | None = None
    config: Config | None = None
    dependencies: Dependencies = field(default_factory=Dependencies)
    engine: dict[str, str] = field(default_factory=dict)
    framework: str | None = None
    permissions: Permissions = field(default_factory=Permissions)
    kind_fields: dict[str, JsonValue] = field(default_factory=dict)
    components: dict[str, JsonValue] = field(default_factory=dict)
    extensions: dict[str, JsonValue] = field(default_factory=dict)
    extra: dict[str, JsonValue] = field(default_factory=dict)

    def fill(self, defaults: ManifestDefaults) -> None:
        """Set missing members from the defaults."""
        for item in fields(ManifestDefaults):
            if item.name not in {"name", "scope"} and not getattr(self, item.name):
                setattr(self, item.name, getattr(defaults, item.name))
        # The caller knows the name under which the plugin is published: in a marketplace the name
        # of the entry counts, not the one in the plugin's own manifest.
        self.name = defaults.name or self.name
        if self.name and defaults.scope and self.name.scope is None:
            self.name = PluginName(defaults.scope, self.name.name)

    def build(self, root: Cursor, dialect: str) -> Manifest | None:
        """Report missing fields and return the manifest, or None if there are errors."""
        self._report_missing(root)
        # Parsers return None for invalid values, so a draft with errors is incomplete.
        if root.problems.errors or self.name is None or self.version is None or self.kind is None:
            return None
        members = {item.name: getattr(self, item.name) for item in fields(self)}
        return Manifest(dialect=dialect, **members)

    def _report_missing(self, root: Cursor) -> None:
        assert isinstance(root.value, dict)
        hints = {
            "name": "Add a name, such as `my-plugin` or `@scope/my-plugin`.",
            "version": 'Add a version, such as "1.0.0". A registry requires it.',
        }
        for key, hint in hints.items():
            if getattr(self, key) is None and root.value.get(key) is None:
                root.child(key, None).fail("is required", "missing-field", hint=hint)
        if self.kind:
            # A field with an invalid value is not in `kind_fields`, but was reported before.
            present = Cursor({**self.kind_fields, **root.value}, root.path, root.problems)
            report_missing(present, KINDS[self.kind].fields, f" for kind `{self.kind}`")
