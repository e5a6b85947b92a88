"""One run of the command line: its global options and the objects that commands share."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from plugport.cli.output import Output
from plugport.environment.home import get_home
from plugport.environment.variables import (
    DEFAULT_REGISTRY,
    REGISTRY,
    TOKEN,
    InvalidVariableError,
    build_variable_error,
    find_variable,
)

if TYPE_CHECKING:
    import httpx

    from plugport.cli.credentials import Credentials, ResolvedToken
    from plugport.client.client import RegistryClient
    from plugport.client.progress import Progress
    from plugport.client.tokens import Token
    from plugport.client.urls import RegistryUrl
    from plugport.installer.installer import Installer
    from plugport.installer.permission_changes import ConfirmChanges


@dataclass(slots=True)
class Session:
    """The global options, and the objects built from them.

    Slow modules are imported by the methods that need them.
    """

    output: Output = field(default_factory=Output)
    registry_text: str | None = None
    # Of this run, for hints that repeat it.
    arguments: tuple[str, ...] = ()
    # Replaces the network; see `RegistryClient`.
    transport: httpx.BaseTransport | None = None
    # Replaces the pauses of `plugport login`.
    sleep: Callable[[float], object] | None = None

    def format_rerun(self, *options: str, without: str = "") -> str:
        """The command line of this run with more options, quoted so that it can be copied.

        `without` is an option that is left out with its value.
        """
        words = list(self.arguments)
        # Words after `--` are arguments, even if they look like options.
        end = words.index("--") if "--" in words else len(words)
        kept = []
        position = 0
        while position < end:
            word = words[position]
            if without and word == without:
                position += 1
            elif not (without and word.startswith(f"{without}=")):
                kept.append(word)
            position += 1
        return shlex.join(["plugport", *kept, *options, *words[end:]])

    @property
    def home(self) -> Path:
        """The folder of tokens and partial downloads."""
        return get_home()

    @property
    def registry(self) -> RegistryUrl:
        """The registry from option, variable or default.

        Raises `InvalidUrlError`, `InvalidVariableError`.
        """
        from plugport.client.errors import InvalidUrlError
        from plugport.client.urls import RegistryUrl

        # An option is more specific than a variable, which is more specific than the default.
        if self.registry_text:
            return RegistryUrl.parse(self.registry_text)
        text = find_variable(REGISTRY)
        try:
            return RegistryUrl.parse(text or DEFAULT_REGISTRY)
        except InvalidUrlError as error:
            raise build_variable_error(
                REGISTRY, text or "", f"is not valid: {error}", hint=error.hint
            ) from error

    @property
    def credentials(self) -> Credentials:
        """The stored tokens."""
        from plugport.cli.credentials import Credentials

        return Credentials(self.home, self.output.warn)

    def find_token(self) -> ResolvedToken | None:
        """The token for the registry and its source. Hides the token from all output."""
        from plugport.cli.credentials import ResolvedToken
        from plugport.client.errors import InvalidTokenError
        from plugport.client.tokens import Token

        # Before the stored token, so that a CI job can use its own on a shared machine.
        text = find_variable(TOKEN)
        if text is not None:
            self.output.hide(text.strip())
            try:
                return ResolvedToken(Token.parse(text), "environment")
            except InvalidTokenError as error:
                # Without the value, which may be a token with one wrong character.
                raise InvalidVariableError(
                    f"the environment variable {TOKEN} is not valid: {error}", hint=error.hint
                ) from error
        try:
            stored = self.credentials.find(self.registry)
        except InvalidVariableError:
            # Without a home folder there are no stored tokens.
            return None
        if stored is not None:
            self.output.hide(stored.token.reveal())
        return stored

    def open_client(self) -> RegistryClient:
        """A client of the registry, with the token if there is one."""
        resolved = self.find_token()
        return self.open_client_as(resolved.token if resolved is not None else None)

    def open_client_as(self, token: Token | None) -> RegistryClient:
        """A client with this token. Warns if the token is sent without encryption (CWE-319)."""
        from plugport.client.client import RegistryClient
        from plugport.environment.proxies import ProxySettings

        registry = self.registry
        ignored = ProxySettings.load().format_ignored()
        if ignored is not None:
            self.output.warn(ignored)
        if token is not None and registry.origin.is_insecure:
            self.output.warn(
                f"the token is sent to `{registry}` without encryption; use https if possible"
            )
        return RegistryClient(registry, token=token, transport=self.transport)

    def build_installer(
        self, target: str | None, confirm: ConfirmChanges | None = None
    ) -> Installer:
        """An installer for the project in the current folder, or for `--target`.

        Without `confirm`, no plugin with more permissions replaces an installed one.
        """
        from plugport.installer.installer import Installer
        from plugport.installer.layout import InstallLayout
        from plugport.installer.permission_changes import refuse_changes

        self.output.hints.target = target
        layout = (
            InstallLayout.for_project(Path.cwd())
            if target is None
            else InstallLayout.for_target(Path(target))
        )
        return Installer(
            layout,
            self._find_cache(),
            self.build_progress(),
            notify=self.output.note,
            confirm=confirm or refuse_changes,
            warn=self.output.warn,
        )

    def _find_cache(self) -> Path | None:
        try:
            return self.home / "cache"
        except InvalidVariableError as error:
            self.output.warn(f"downloads cannot be resumed: {error}")
            return None

    def build_progress(self) -> Progress:
        """A progress bar on a terminal; without output elsewhere and with `--json`."""
        from plugport.cli.progress import build_progress

        return build_progress(is_wanted=not self.output.as_json)
