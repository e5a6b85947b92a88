"""URL patterns of the account pages."""

from __future__ import annotations

from allauth.account import views as allauth
from django.urls import path, re_path
from django.views.decorators.cache import never_cache

from accounts.pages import account, email, sign_up, tokens

urlpatterns = [
    path("account", account.render_account, name="account"),
    path("account/email", email.render_email, name="email"),
    path("account/email/key/<str:key>", email.open_verification_link, name="verify-email"),
    path("account/tokens", tokens.render_tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke", tokens.revoke, name="revoke-token"),
    path("account/tokens/<int:token_id>/regenerate", tokens.regenerate, name="regenerate-token"),
    # The names are allauth's own: its views reverse them.
    path("login", allauth.login, name="account_login"),
    path("signup", sign_up.SignUpView.as_view(), name="account_signup"),
    path("logout", allauth.logout, name="account_logout"),
    path("account/inactive", allauth.account_inactive, name="account_inactive"),
    path("account/password", never_cache(allauth.password_change), name="account_change_password"),
    path("password/reset", allauth.password_reset, name="account_reset_password"),
    path("password/reset/sent", allauth.password_reset_done, name="account_reset_password_done"),
    # allauth joins the two parts with this dash in the links that it sends.
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/done",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
