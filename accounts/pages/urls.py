"""URL patterns of the account pages."""

from __future__ import annotations

from allauth.account import views as allauth
from allauth.socialaccount import views as social
from django.urls import include, path, re_path
from django.views.decorators.cache import never_cache

from accounts.api import oauth
from accounts.pages import (
    account,
    audit_log,
    device_login,
    email,
    manage_account,
    other_sites,
    own_data,
    passwords,
    sign_in,
    sign_up,
    tokens,
)
from accounts.pages.security import (
    authenticator_app,
    confirm,
    new_device,
    overview,
    passkeys,
    recovery_codes,
    sessions,
    sign_in_steps,
)

urlpatterns = [
    path("", include("accounts.pages.sso.urls")),
    path("account", account.render_account, name="account"),
    path("account/email", email.render_email, name="email"),
    path("account/email/undo", email.render_undo, name="undo-email"),
    path("account/delete", own_data.render_delete, name="delete-account"),
    path("account/export", own_data.export, name="export-account"),
    path("account/email/key/<str:key>", email.open_verification_link, name="verify-email"),
    path("account/tokens", tokens.render_tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke", tokens.revoke, name="revoke-token"),
    path("account/tokens/<int:token_id>/regenerate", tokens.regenerate, name="regenerate-token"),
    path("account/confirm", confirm.render_confirm, name="confirm"),
    path("account/security", overview.render_security, name="security"),
    path("account/security/app", authenticator_app.render_app, name="authenticator-app"),
    path("account/security/passkeys/new", passkeys.render_new_passkey, name="new-passkey"),
    path(
        "account/security/recovery-codes",
        recovery_codes.render_recovery_codes,
        name="recovery-codes",
    ),
    path("account/sessions", sessions.render_sessions, name="sessions"),
    path("account/sessions/<int:session_id>/end", sessions.end, name="end-session"),
    path("account/security/<int:factor_id>/remove", overview.remove, name="remove-factor"),
    path("account/security/<int:factor_id>/rename", overview.rename, name="rename-passkey"),
    path("account/security-log", audit_log.render_own_log, name="security-log"),
    path("account/security-log/export", audit_log.export_own_log, name="security-log-export"),
    path(
        "accounts/<str:username>",
        manage_account.render_managed_account,
        name="managed-account",
    ),
    path("audit", audit_log.render_full_log, name="audit-log"),
    path("audit/export", audit_log.export_full_log, name="audit-log-export"),
    path("login/program", device_login.render_device_login, name="device-login"),
    path("login/program/code", oauth.start, name="device-login-start"),
    path("login/program/token", oauth.redeem, name="device-login-token"),
    path(
        ".well-known/oauth-authorization-server",
        oauth.describe_server,
        name="authorization-server",
    ),
    # The names are allauth's own: its views reverse them.
    path("login", sign_in.SignInView.as_view(), name="account_login"),
    path("login/factor", sign_in_steps.SecondFactorView.as_view(), name="mfa_authenticate"),
    path("login/device", new_device.render_new_device, name="confirm-device"),
    path("login/passkey", sign_in_steps.PasskeySignInView.as_view(), name="mfa_login_webauthn"),
    path("login/with/github", other_sites.github_login, name="github_login"),
    path("login/with/github/callback", other_sites.github_callback, name="github_callback"),
    path("login/with/gitlab", other_sites.gitlab_login, name="gitlab_login"),
    path("login/with/gitlab/callback", other_sites.gitlab_callback, name="gitlab_callback"),
    path("login/canceled", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("login/failed", social.login_error, name="socialaccount_login_error"),
    path("signup/with", other_sites.SiteSignUpView.as_view(), name="socialaccount_signup"),
    path("account/sites", other_sites.render_sites, name="socialaccount_connections"),
    path("account/sites/<int:link_id>/unlink", other_sites.unlink, name="unlink-site"),
    path("signup", sign_up.SignUpView.as_view(), name="account_signup"),
    path("signup/passkey", sign_up.PasskeySignUpView.as_view(), name="account_signup_by_passkey"),
    path(
        "signup/passkey/new",
        sign_in_steps.PasskeyCreationView.as_view(),
        name="mfa_signup_webauthn",
    ),
    path("logout", allauth.logout, name="account_logout"),
    path("account/inactive", allauth.account_inactive, name="account_inactive"),
    path("account/password", never_cache(allauth.password_change), name="account_change_password"),
    path("account/password/new", passwords.set_first_password, name="account_set_password"),
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
