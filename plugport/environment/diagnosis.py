"""Check all variables at once, whether a request would use them or not."""

from __future__ import annotations

from collections.abc import Callable

from plugport.environment.certificates import build_ssl_context
from plugport.environment.home import find_write_failure, format_home_source, get_home
from plugport.environment.proxies import ProxySettings, parse_proxy
from plugport.environment.trusted_hosts import TrustedHosts
from plugport.environment.variables import NO_PROXY, InvalidVariableError
from plugport.spec.errors import PlugportError


def find_variable_problems() -> list[PlugportError]:
    """The errors of variables that have wrong values. Creates the home folder if it is missing."""
    settings = ProxySettings.load()
    checks: list[Callable[[], object]] = [
        build_ssl_context,
        TrustedHosts.load,
        lambda: _check_exemptions(settings),
    ]
    checks += [
        lambda variable=variable: parse_proxy(*variable)  # type: ignore[misc]  # bound per variable
        for variable in settings.variables.values()
    ]
    checks.append(_check_home)
    problems = []
    for check in checks:
        try:
            check()
        except PlugportError as error:
            problems.append(error)
    return problems


def _check_exemptions(settings: ProxySettings) -> None:
    ignored = settings.format_ignored()
    if ignored is not None:
        raise InvalidVariableError(ignored, hint=f"Correct {NO_PROXY}.")


def _check_home() -> None:
    home = get_home()
    reason = find_write_failure(home)
    if reason is not None:
        raise InvalidVariableError(
            f"`{home}`, set by {format_home_source()}, cannot be written: {reason}",
            hint="Set PLUGPORT_HOME to a folder that you can write.",
        )
