"""Customizes allauth's sign-in with other websites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from requests.adapters import BaseAdapter

from common.bounded_fields import check_stored_size
from common.http.safe import Fetcher, FetchFailedError, FetchRefusedError

_MAX_BYTES = 1 << 20
_SECONDS = 10.0
# Websites that identify people by numbers.
_WITH_NUMBERS = ("github", "gitlab")
MAX_PROFILE_BYTES = 64 << 10


class SafeAdapter(BaseAdapter):
    """Sends the requests of a `requests.Session` with the SSRF-safe client, without redirects."""

    def send(  # the other parameters choose time-outs, certificates and proxies
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """The response. Raises `requests.ConnectionError`."""
        body = request.body or b""
        assert isinstance(body, str | bytes)
        try:
            reply = Fetcher(private_hosts=settings.SSO_PRIVATE_HOSTS).send(
                request.method or "GET",
                request.url or "",
                headers={name: str(value) for name, value in request.headers.items()},
                body=body.encode() if isinstance(body, str) else body,
                max_bytes=_MAX_BYTES,
                seconds=_SECONDS,
            )
        except (FetchFailedError, FetchRefusedError) as error:
            raise requests.ConnectionError(error.detail) from error
        response = requests.Response()
        response.status_code = reply.status
        response.url = request.url or ""
        response.headers["Content-Type"] = reply.media_type
        response.request = request
        response._content = reply.body  # noqa: SLF001 -- as other adapters of `requests` do
        return response

    def close(self) -> None:
        """Nothing is kept open."""


@receiver(pre_save, sender=SocialAccount)
def _check_profile(instance: SocialAccount, **_: Any) -> None:
    """The profile comes from the other website."""
    size = len(str(instance.extra_data).encode())
    check_stored_size("socialaccount.SocialAccount.extra_data", size, MAX_PROFILE_BYTES)


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # the library has no types
    """All requests of the library go through the SSRF-safe client."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse a profile without an id: all such profiles would be one person."""
        account = sociallogin.account
        if account.provider in _WITH_NUMBERS and not account.uid.isdecimal():
            raise PermissionDenied

    def get_requests_session(self) -> requests.Session:
        """A session that reaches public addresses only, and ignores proxies of the environment."""
        session = requests.Session()
        session.trust_env = False
        session.adapters.clear()
        for scheme in ("http://", "https://"):
            session.mount(scheme, SafeAdapter())
        return session
