"""A manifest that is being read: everything may still be missing."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from plugport.spec.manifest.fields import Spot
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


@dataclass(frozen=True, slots=True)
class ManifestDefaults:
    """What is known of a plugin beside its manifest; it fills in what the manifest leaves out.

    `scope` is put before an unscoped name; with `name` the manifest's own name does not count.
    """

    name: PluginName | None = None
    scope: str | None = None
    version: Version | None = None
    description: str = ""
    author: Person | None = None
    license: str | None = None
    homepage: str | None = None
    repository: Repository | None = None


@dataclass(slots=True)
class Draft:
    """The members of `Manifest`, before they are complete."""

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
        """Take from the defaults what is missing here."""
        for item in fields(ManifestDefaults):
            if item.name not in {"name", "scope"} and not getattr(self, item.name):
                setattr(self, item.name, getattr(defaults, item.name))
        # Whoever gives a name knows under which the plugin is to be published.
        self.name = defaults.name or self.name
        if self.name and defaults.scope and self.name.scope is None:
            self.name = PluginName(defaults.scope, self.name.name)

    def build(self, root: Spot, dialect: str) -> Manifest | None:
        """Check what must be there, and build the manifest; None where a fault prevents it."""
        self._report_missing(root)
        if root.faults.errors or self.name is None or self.version is None or self.kind is None:
            return None
        members = {item.name: getattr(self, item.name) for item in fields(self)}
        return Manifest(dialect=dialect, **members)

    def _report_missing(self, root: Spot) -> None:
        assert isinstance(root.value, dict)
        hints = {
            "name": "Give the plugin a name, such as `my-plugin` or `@scope/my-plugin`.",
            "version": 'A registry needs a version: add one, such as "1.0.0".',
        }
        for key, hint in hints.items():
            if getattr(self, key) is None and root.value.get(key) is None:
                root.child(key, None).fail("is required", "missing-field", hint=hint)
        if self.kind:
            # A field that is there but wrong was reported already.
            taken = Spot({**self.kind_fields, **root.value}, root.path, root.faults)
            report_missing(taken, KINDS[self.kind].fields, f" for kind `{self.kind}`")
