"""Typed access to environment variables. Each variable is declared once, with its description.

`DECLARED` collects all variables; `docs/configuration.md` is generated from it. An invalid value
stops the process at startup with a message that names the variable, its value and the allowed
values. Values of secrets are never part of a message.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from common.http.networks import Network
from common.http.private_hosts import PrivateHosts

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable: its name, its description, and its default as text."""

    name: str
    description: str
    default: str


DECLARED: dict[str, Variable] = {}


def _find_value(name: str, description: str, default: object) -> str | None:
    # Also without a value: the reference page lists every variable.
    DECLARED[name] = Variable(name, description, str(default))
    value = os.environ.get(name)
    return value.strip() if value is not None else None


def get_env_text(name: str, default: str, description: str) -> str:
    """The variable as text, without surrounding whitespace."""
    value = _find_value(name, description, default)
    return default if value is None else value


def get_env_list(name: str, default: list[str], description: str) -> list[str]:
    """The variable as a list: split at commas, empty items dropped."""
    value = _find_value(name, description, ",".join(default))
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def get_env_networks(name: str, description: str) -> tuple[Network, ...]:
    """The variable as networks or addresses, separated by commas. Raises `ImproperlyConfigured`."""
    networks = []
    for text in get_env_list(name, [], description):
        try:
            networks.append(ip_network(text))
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} has `{text}`. Allowed: networks such as `192.0.2.0/24` and `2001:db8::/32`,"
                " without bits after the prefix, and addresses."
            ) from None
    return tuple(networks)


def get_env_servers(
    name: str, description: str, *, default_port: int
) -> tuple[tuple[str, int], ...]:
    """The variable as addresses with ports, separated by commas. Raises `ImproperlyConfigured`."""
    servers = []
    for text in get_env_list(name, [], description):
        match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[0-9.]+)(?::([0-9]{1,5}))?", text)
        try:
            address = ip_address(match[1].strip("[]") if match else text)
            port = int(match[2] or default_port) if match else default_port
        except ValueError:
            port = 0
        if not 0 < port < 65_536:
            raise ImproperlyConfigured(
                f"{name} has `{text}`. Allowed: addresses such as `10.0.0.53` and `[fd00::53]:5353`."
            )
        servers.append((str(address), port))
    return tuple(servers)


def get_env_private_hosts(name: str, description: str) -> PrivateHosts:
    """The variable as private hosts and networks. Raises `ImproperlyConfigured`."""
    try:
        return PrivateHosts.parse(get_env_list(name, [], description))
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} is not valid: {error}. Allowed: hosts such as `gitlab.corp.example` and"
            " `ci.corp.example:8443`, and networks such as `10.20.0.0/16`."
        ) from None


def get_env_url_templates(
    name: str, default: list[str], description: str, *, placeholder: str
) -> dict[str, str]:
    """The variable as URLs by host name, `HOST=URL`, separated by commas. Raises `ImproperlyConfigured`."""
    templates = {}
    for text in get_env_list(name, default, description):
        host, _, url = text.partition("=")
        if not re.fullmatch(r"[a-z0-9.:-]{1,100}", host) or not (
            url.startswith("https://") and url.count(placeholder) == 1
        ):
            raise ImproperlyConfigured(
                f"{name} has `{text}`. Allowed: a host name in lower case, `=`, and an https URL with"
                f" `{placeholder}`."
            )
        templates[host] = url
    return templates


def get_env_bool(name: str, description: str, *, default: bool) -> bool:
    """The variable as a boolean. Raises `ImproperlyConfigured` for any other text."""
    value = _find_value(name, description, default)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is `{value}`. Allowed: true, false.")


def get_env_choice(name: str, default: str, description: str, *, allowed: tuple[str, ...]) -> str:
    """The variable, which must be in `allowed`. Raises `ImproperlyConfigured`."""
    value = get_env_text(name, default, description)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is `{value}`. Allowed: {', '.join(allowed)}.")
    return value


def get_env_int(name: str, default: int, description: str, *, min_value: int = 0) -> int:
    """The variable as an integer of at least `min_value`. Raises `ImproperlyConfigured`."""
    value = _find_value(name, description, default)
    if value is None:
        return default
    # `int` would also accept signs, spaces and underscores.
    if not value.isdecimal() or int(value) < min_value:
        raise ImproperlyConfigured(
            f"{name} is `{value}`. Allowed: an integer of at least {min_value}."
        )
    return int(value)


def get_env_secret(name: str, description: str, default: str = "") -> str:
    """The variable, or the content of the file named by `NAME_FILE` (container secrets).

    Raises `ImproperlyConfigured` if the file cannot be read: falling back to an empty secret would
    be unsafe.
    """
    # The file takes precedence over the variable.
    path = _find_value(f"{name}_FILE", f"Path of a file that contains {name}.", "")
    value = _find_value(name, description, "")
    if not path:
        return value or default
    try:
        # Editors and `echo` append a line break, which is not part of the secret.
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE is `{path}`. This file cannot be read: {error.strerror}."
        ) from error


def get_env_url(name: str, default: str, description: str) -> str:
    """The variable, which must be an `http` or `https` URL. Raises `ImproperlyConfigured`."""
    return require_url(name, get_env_text(name, default, description), schemes=("http", "https"))


def require_url(name: str, url: str, *, schemes: tuple[str, ...], needs_host: bool = True) -> str:
    """Return the URL, which may be empty, or raise `ImproperlyConfigured`.

    The message does not include the URL, which may contain a password.
    """
    if not url:
        return url
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ImproperlyConfigured(f"{name} is not a valid URL.") from None
    if parts.scheme not in schemes or (needs_host and not host):
        allowed = " or ".join(f"{scheme}://" for scheme in schemes)
        required = f"start with {allowed}" + (" and have a host" if needs_host else "")
        raise ImproperlyConfigured(f"{name} must {required}.")
    return url
