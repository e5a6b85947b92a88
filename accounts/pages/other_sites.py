"""Sign-in with GitHub and GitLab, where the operator configured it, unless all sign in by single sign-on.

An account is never found by its email address: only its owner, while signed in, links it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.forms import SignupForm
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.github.provider import GitHubProvider
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.gitlab.provider import GitLabProvider
from allauth.socialaccount.providers.gitlab.views import GitLabOAuth2Adapter
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.signals import social_account_added
from allauth.socialaccount.views import SignupView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.record_audit_entry import record_audit_entry
from accounts.actions.sso.unlink_site import unlink_site
from accounts.actions.sso.verify_with_site import verify_with_site
from accounts.errors import AccountNeededError, MailUnavailableError
from accounts.mails import build_url, notify_owner
from accounts.models import User
from accounts.pages.current_user import get_signed_in_user
from accounts.pages.verification_mail import request_verification_mail
from accounts.security.confirmation import is_confirmed, redirect_to_confirmation
from accounts.security.sessions import shorten_empty_session

TITLES = {"github": "GitHub", "gitlab": "GitLab"}
_View = Callable[..., HttpResponseBase]


class _GitHub(GitHubOAuth2Adapter):  # type: ignore[misc]  # the library has no types
    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        # At the configured address: the Host header is the sender's choice.
        return build_url("github_callback")


class _GitLab(GitLabOAuth2Adapter):  # type: ignore[misc]  # the library has no types
    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return build_url("gitlab_callback")


# The library has no setting for it.
GitHubProvider.oauth2_adapter_class = _GitHub
GitLabProvider.oauth2_adapter_class = _GitLab


def _if_configured(name: str, view: _View) -> _View:
    @wraps(view)
    def check(request: HttpRequest) -> HttpResponseBase:
        if name not in dict(list_sites()):
            raise Http404
        # An account that is signed in gets another way to sign in.
        if request.user.is_authenticated and not is_confirmed(request):
            return redirect_to_confirmation(reverse("socialaccount_connections"))
        shorten_empty_session(request)
        return view(request)

    return check


github_login = _if_configured("github", OAuth2LoginView.adapter_view(_GitHub))
github_callback = _if_configured("github", OAuth2CallbackView.adapter_view(_GitHub))
gitlab_login = _if_configured("gitlab", OAuth2LoginView.adapter_view(_GitLab))
gitlab_callback = _if_configured("gitlab", OAuth2CallbackView.adapter_view(_GitLab))


def list_sites() -> list[tuple[str, str]]:
    """The configured websites, by the name of the path and the title; none beside single sign-on only."""
    if not settings.LOCAL_PASSWORDS:
        return []
    return [(name, TITLES[name]) for name in settings.SOCIALACCOUNT_PROVIDERS]


class SiteSignUpForm(SignupForm):  # type: ignore[misc]  # the library has no types
    """A user name and an address for a person who signs in with a website for the first time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"
        self.fields[
            "username"
        ].help_text = "Lowercase letters, digits and hyphens. It is also your scope."

    def validate_unique_email(self, value: str) -> str:
        """Accept every address, as at sign-up: the answer would tell which are known."""
        return value

    def save(self, request: HttpRequest) -> User:
        """Create the account. It is verified if the website has verified this very address."""
        login: SocialLogin = self.sociallogin
        proven = {each.email.lower() for each in login.email_addresses if each.verified}
        # Kept in the account alone: the library would store them as verified, each for one account.
        login.email_addresses = []
        user: User = super().save(request)
        EmailAddress.objects.filter(user=user).delete()
        if not (user.email.lower() in proven and verify_with_site(user=user)):
            try:
                request_verification_mail(request, user)
            except MailUnavailableError as error:
                messages.error(request, error.detail)
        return user


class SiteSignUpView(SignupView):  # type: ignore[misc]  # the library has no types
    """The library's view, which shows the form again if another person was faster."""

    def form_valid(self, form: SiteSignUpForm) -> HttpResponse:
        """Create the account and sign in."""
        try:
            response: HttpResponse = super().form_valid(form)
        except ValidationError as error:
            form.add_error("username", error)
            response = self.form_invalid(form)
        return response


@require_http_methods(["GET", "HEAD"])
@never_cache
@login_required
def render_sites(request: HttpRequest) -> HttpResponse:
    """The websites with which the account signs in: 1 query."""
    user = get_signed_in_user(request)
    rows = list(SocialAccount.objects.filter(user=user).order_by("pk"))
    linked = {row.provider for row in rows}
    context = {
        "accounts": [(row, TITLES.get(row.provider, row.provider)) for row in rows],
        "others": [site for site in list_sites() if site[0] not in linked],
    }
    return render(request, "account/sites.html", context)


@require_POST
@never_cache
@login_required
def unlink(request: HttpRequest, link_id: int) -> HttpResponse:
    """End the link with a website."""
    if not is_confirmed(request):
        return redirect_to_confirmation(reverse("socialaccount_connections"))
    try:
        unlink_site(actor=get_signed_in_user(request), link_id=link_id)
    except AccountNeededError as error:
        messages.error(request, f"{error.detail} {error.hint or ''}".strip())
    else:
        messages.success(request, "The website can no longer sign you in.")
    return redirect("socialaccount_connections")


@receiver(social_account_added)
def _follow_link(request: HttpRequest, sociallogin: SocialLogin, **_: Any) -> None:
    user: User = sociallogin.user
    site = TITLES.get(sociallogin.account.provider, sociallogin.account.provider)
    record_audit_entry(actor=user, action="site.linked", target=user, site=site)
    if user.is_verified:
        notify_owner("site_linked", user.email, user=user, site=site, url=build_url("security"))
