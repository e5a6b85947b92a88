"""Accounts, sign-in and emails."""

from __future__ import annotations

from config import backends
from config.env import (
    get_env_bool,
    get_env_int,
    get_env_list,
    get_env_private_hosts,
    get_env_secret,
    get_env_servers,
    get_env_text,
    get_env_url,
    get_env_url_templates,
)
from config.settings.base import BASE_HOST, DATA_DIR

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "accounts.sign_in.SignInBackend",
    # Never checks a password, as the first one always decides. Sessions from before name these.
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "accounts.security.hashers.BoundedArgon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# In one web process: passwords that are checked one after the other, each of which occupies a thread
# that other requests need.
MAX_PENDING_PASSWORDS = 6
PASSWORD_SECONDS = 5.0
# How long a process uses a token for reads without a query. A revocation must be effective within 250 ms.
TOKEN_CACHE_SECONDS = 0.2
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/account"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_FORMS = {
    "login": "accounts.pages.sign_in.SignInForm",
    "signup": "accounts.pages.sign_up.SignUpForm",
    "change_password": "accounts.pages.passwords.ChangeForm",
    "set_password": "accounts.pages.passwords.SetForm",
    "reset_password": "accounts.pages.password_reset.ResetForm",
    "reset_password_from_key": "accounts.pages.passwords.ResetKeyForm",
}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_USERNAME_VALIDATORS = "accounts.username_rules.USERNAME_VALIDATORS"
# Accounts verify addresses themselves (`accounts.pages.email`): the library's way tells whether an
# address is known, and has no place for accounts that an operator creates without an address.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = {
    # `accounts.adapter` counts the library's `login` as `sign_in`.
    "login": None,
    "sign_in": "30/m/ip",
    "verification_mail": "1/m/key,5/h/key",
    "device_mail": "5/h/key",
    # Each is a session, which is a row. The people of one company share the limit.
    "sso_start": "600/m/ip",
    # More than one account may request, so that the limit of an account is met first.
    "verification_address": "10/h/key",
}
# The public keys of secret scanners that may report leaked tokens: `accounts.security.leak_reports`.
LEAK_REPORT_KEYS_DIR = DATA_DIR / "leak-report-keys"
# The library's keys read a table of addresses, which takes longer for accounts that exist.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 -- a class
PASSWORD_RESET_TIMEOUT = 3 * 86_400
# Accounts that have one: `accounts.security.factors` and `accounts.pages.security`.
MFA_ADAPTER = "accounts.security.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.pages.security.sign_in_forms.CodeForm",
    "authenticate_webauthn": "accounts.pages.security.sign_in_forms.PasskeyForm",
    "login_webauthn": "accounts.pages.security.sign_in_forms.PasskeySignInForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
# One step before and after: clocks of phones differ. A code is accepted once all the same.
MFA_TOTP_TOLERANCE = 1
# A sign-in with a passkey takes two requests, and people of one network share the limit.
MFA_RATE_LIMITS = {"webauthn_login": "60/m/ip"}
# How long after a sign-in, or after the password or a factor was asked for, sensitive acts need neither.
CONFIRMATION_SECONDS = 300
REQUIRE_MFA_TO_PUBLISH = get_env_bool(
    "PLUGPORT_REQUIRE_MFA_TO_PUBLISH",
    "Whether publishing needs a second factor: an authenticator app or a passkey. Tokens that an operator "
    "creates with `manage.py create_token` need none.",
    default=True,
)
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
# Sign-in with other websites. Providers are configured in SOCIALACCOUNT_PROVIDERS, never in tables.
SOCIALACCOUNT_ADAPTER = "accounts.sso.other_websites.SocialAccountAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
# For the addresses that GitHub has verified.
SOCIALACCOUNT_QUERY_EMAIL = True
SOCIALACCOUNT_AUTO_SIGNUP = False
SOCIALACCOUNT_FORMS = {"signup": "accounts.pages.other_sites.SiteSignUpForm"}
_GITHUB_ID = get_env_text(
    "PLUGPORT_GITHUB_CLIENT_ID",
    "",
    "Client ID of an OAuth app of GitHub. With it, people sign in with GitHub.",
)
_GITHUB_SECRET = get_env_secret(
    "PLUGPORT_GITHUB_CLIENT_SECRET", "Client secret of the OAuth app of GitHub."
)
_GITLAB_ID = get_env_text(
    "PLUGPORT_GITLAB_CLIENT_ID",
    "",
    "Application ID of GitLab. With it, people sign in with GitLab.",
)
_GITLAB_SECRET = get_env_secret(
    "PLUGPORT_GITLAB_CLIENT_SECRET", "Secret of the application of GitLab."
)
GITLAB_URL = get_env_url(
    "PLUGPORT_GITLAB_URL", "https://gitlab.com", "URL of the GitLab with which people sign in."
).rstrip("/")
SOCIALACCOUNT_PROVIDERS = backends.build_sign_in_settings(
    github=(_GITHUB_ID, _GITHUB_SECRET), gitlab=(_GITLAB_ID, _GITLAB_SECRET), gitlab_url=GITLAB_URL
)
ALLOW_SIGNUP = get_env_bool(
    "PLUGPORT_ALLOW_SIGNUP", "Whether anyone may create an account.", default=True
)
LOCAL_PASSWORDS = get_env_bool(
    "PLUGPORT_LOCAL_PASSWORDS",
    "Whether people sign in with passwords. Without, only single sign-on and the operators named with"
    " `manage.py break_glass` do.",
    default=True,
)
SSO_PRIVATE_HOSTS = get_env_private_hosts(
    "PLUGPORT_SSO_PRIVATE_HOSTS",
    "Private hosts and networks in which identity providers for single sign-on may be, comma-separated:"
    " `keycloak.corp.example,idp.corp.example:8443,10.20.0.0/16`. All other hosts must be public.",
)
EMAIL_BACKEND = "common.mail_files.PrivateFileBackend"
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
DEFAULT_FROM_EMAIL = get_env_text(
    "PLUGPORT_MAIL_FROM", f"plugport@{BASE_HOST}", "Sender address of emails."
)
_MAIL_URL = get_env_secret(
    "PLUGPORT_MAIL_URL",
    "`smtp://user:password@host:port`, `smtp+starttls://…` or `smtps://…`. Without it, emails are "
    "written to files in the data folder.",
)
if _MAIL_URL:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    globals().update(backends.build_mail_settings(_MAIL_URL))

# By kind of CI system; the first one is the default of a new configuration.
CI_ISSUERS = {
    "github": get_env_list(
        "PLUGPORT_GITHUB_ISSUERS",
        ["https://token.actions.githubusercontent.com"],
        "Issuers of the identity tokens of GitHub Actions, comma-separated. That of GitHub Enterprise Server"
        " is `https://HOST/_services/token`.",
    ),
    "gitlab": get_env_list(
        "PLUGPORT_GITLAB_ISSUERS",
        ["https://gitlab.com"],
        "URLs of the GitLab servers whose pipelines may publish, comma-separated.",
    ),
}
CA_BUNDLE = get_env_text(
    "PLUGPORT_CA_BUNDLE",
    "",
    "File with the certificates (PEM) of your own authorities, for https to the private hosts that are"
    " allowed. Public hosts still need a certificate of a public authority.",
)
CI_ISSUER_PRIVATE_HOSTS = get_env_private_hosts(
    "PLUGPORT_CI_ISSUER_PRIVATE_HOSTS",
    "Private hosts and networks from which the keys of identity tokens may be fetched, comma-separated:"
    " `gitlab.corp.example,ci.corp.example:8443,10.20.0.0/16`. All other hosts must be public.",
)
DNS_SERVERS = get_env_servers(
    "PLUGPORT_DNS_SERVERS",
    "Addresses of the DNS servers that are asked for proofs of domains, comma-separated:"
    " `10.0.0.53,[fd00::53]:5353`. Without it, those of the system.",
    default_port=53,
)
_PROOF_FILES = [
    f"{host}=https://{address}/HEAD/plugport-verification.txt"
    for host, address in (
        ("github.com", "raw.githubusercontent.com/{namespace}/plugport-verification"),
        ("gitlab.com", "gitlab.com/{namespace}/plugport-verification/-/raw"),
    )
]
PROOF_FILES = get_env_url_templates(
    "PLUGPORT_PROOF_FILES",
    _PROOF_FILES,
    "Code hosts on which owners can prove an account or group, each with the address of the file that"
    " proves it, comma-separated: `HOST=URL`, where `{namespace}` is the name of the account or group.",
    placeholder="{namespace}",
)
PROOF_PRIVATE_HOSTS = get_env_private_hosts(
    "PLUGPORT_PROOF_PRIVATE_HOSTS",
    "Private hosts and networks from which files that prove an account or group may be fetched,"
    " comma-separated. All other hosts must be public.",
)
CHECK_MAIL_DOMAINS = get_env_bool(
    "PLUGPORT_CHECK_MAIL_DOMAINS",
    "Whether addresses become unverified when their domain no longer exists. Switch it off where DNS does"
    " not know the domains of your people.",
    default=True,
)
MAIL_DOMAIN_MAX_FAILED_PERCENT = get_env_int(
    "PLUGPORT_MAIL_DOMAIN_MAX_FAILED_PERCENT",
    25,
    "If more of the checked domains of email addresses fail, the check changes nothing and logs"
    " `mail_domains_suspicious`.",
)
CONFIRM_NEW_DEVICES = get_env_bool(
    "PLUGPORT_CONFIRM_NEW_DEVICES",
    "Whether a sign-in from a new browser is confirmed by a code in a mail. Only with PLUGPORT_MAIL_URL.",
    default=True,
) and bool(_MAIL_URL)
