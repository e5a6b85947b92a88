"""One run of the command line: what was asked for globally, and what commands share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from plugport.cli.environment import (
    DEFAULT_REGISTRY,
    REGISTRY,
    TOKEN,
    find_variable,
    get_home,
)
from plugport.cli.output import Output

if TYPE_CHECKING:
    from plugport.cli.credentials import Credentials, Found
    from plugport.client.client import RegistryClient
    from plugport.client.progress import Progress
    from plugport.client.tokens import Token
    from plugport.client.urls import RegistryUrl
    from plugport.installer.gains import Agree
    from plugport.installer.install import Installer


@dataclass(slots=True)
class Session:
    """The global options and the things made from them. Slow imports wait until they are used."""

    output: Output = field(default_factory=Output)
    registry_text: str | None = None

    @property
    def home(self) -> Path:
        """Where tokens and partial downloads are kept."""
        return get_home()

    @property
    def registry(self) -> RegistryUrl:
        """The registry of this run: option, variable, default. Raises `InvalidUrlError`."""
        from plugport.client.urls import RegistryUrl

        text = self.registry_text or find_variable(REGISTRY) or DEFAULT_REGISTRY
        return RegistryUrl.parse(text)

    @property
    def credentials(self) -> Credentials:
        """The stored tokens."""
        from plugport.cli.credentials import Credentials

        return Credentials(self.home, self.output.warn)

    def find_token(self) -> Found | None:
        """The token for this run's registry and where it was found. It is never printed."""
        from plugport.cli.credentials import Found
        from plugport.client.tokens import Token

        # Before the stored one: CI sets it for one job, on machines that others use too.
        given = find_variable(TOKEN)
        if given is not None:
            self.output.hide(given.strip())
            return Found(Token.parse(given), "environment")
        found = self.credentials.find(self.registry)
        if found is not None:
            self.output.hide(found.token.reveal())
        return found

    def open_client(self) -> RegistryClient:
        """A client of this run's registry, with the token if there is one."""
        found = self.find_token()
        return self.open_client_as(found.token if found is not None else None)

    def open_client_as(self, token: Token | None) -> RegistryClient:
        """A client with this token, and a warning where it can be overheard."""
        from plugport.client.client import RegistryClient

        registry = self.registry
        if token is not None and registry.origin.is_open_to_listeners:
            self.output.warn(
                f"the token is sent to `{registry}` without encryption; use https if you can"
            )
        return RegistryClient(registry, token=token)

    def make_installer(self, target: str | None, agree: Agree | None = None) -> Installer:
        """An installer for the project in the current folder, or for `--target`.

        Without `agree`, nothing is installed that may do more than what it replaces.
        """
        from plugport.installer.gains import agree_to_nothing
        from plugport.installer.install import Installer
        from plugport.installer.site import Site

        site = Site.of_project(Path.cwd()) if target is None else Site.of_target(Path(target))
        progress, tell = self.make_progress(), self.output.note
        return Installer(site, self.home / "cache", progress, tell, agree or agree_to_nothing)

    def make_progress(self) -> Progress:
        """Bars on a terminal, nothing elsewhere."""
        from plugport.cli.progress import make_progress

        return make_progress(is_wanted=not self.output.as_json)
