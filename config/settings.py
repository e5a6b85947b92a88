"""All settings, from environment variables alone (see `docs/configuration.md`).

Without any variable it is a registry on a laptop: SQLite in WAL mode, local files, a local
queue. With `DATABASE_URL`, `PLUGPORT_REDIS_URL` and `PLUGPORT_S3_BUCKET` the same code runs on
PostgreSQL, Redis and S3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import backends
from config.env import read_bool, read_choice, read_int, read_list, read_secret, read_text

BASE_DIR = Path(__file__).resolve().parent.parent

# ---- where and how it runs -------------------------------------------------------------------
ENVIRONMENT = read_text(
    "PLUGPORT_ENV", "local", "`local` for one machine, `production` behind TLS; `test` in tests."
)
IS_PRODUCTION = ENVIRONMENT == "production"
DEBUG = read_bool("PLUGPORT_DEBUG", "Django's debug pages; refused in production.", default=False)
if DEBUG and IS_PRODUCTION:
    raise ImproperlyConfigured("PLUGPORT_DEBUG is on while PLUGPORT_ENV is `production`")

DATA_DIR = Path(
    read_text("PLUGPORT_DATA_DIR", "var", "Folder for database, packages, queue and secrets.")
).absolute()
SCRATCH_DIR = DATA_DIR / "scratch"
PORT = read_int("PORT", 8000, "Port of the web server.", least=1)
BASE_URL = read_text(
    "PLUGPORT_BASE_URL",
    f"http://127.0.0.1:{PORT}",
    "The address that people and clients use; links in answers start with it.",
).rstrip("/")
_BASE_HOST = urlsplit(BASE_URL).hostname or ""
ALLOWED_HOSTS = read_list(
    "PLUGPORT_ALLOWED_HOSTS",
    [_BASE_HOST] if IS_PRODUCTION else [_BASE_HOST, "127.0.0.1", "localhost", "[::1]"],
    "Host names that are answered; by default that of PLUGPORT_BASE_URL.",
)
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECRET_KEY = backends.load_secret_key(
    read_secret("PLUGPORT_SECRET_KEY", "Signs sessions; needed in production."),
    DATA_DIR,
    is_production=IS_PRODUCTION,
)

# ---- parts -----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "accounts",
    "registry",
    "marketplace",
]
MIDDLEWARE = [
    "config.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.CompressionMiddleware",
    "config.middleware.SecurityHeadersMiddleware",
    "config.middleware.MaintenanceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.private.PrivateAnswersMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "marketplace.pages.moved.MovedMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.context.site",
            ],
        },
    },
]

# ---- database, cache, queue, storage -----------------------------------------------------------
DATABASES = {
    "default": backends.database(
        read_secret("DATABASE_URL", "`postgres://user:password@host:port/name`; SQLite without."),
        DATA_DIR,
    )
}
REDIS_URL = read_secret("PLUGPORT_REDIS_URL", "Redis for queue, cache and rate limits.")
CACHES = backends.caches(REDIS_URL, DATA_DIR)
STORAGES = backends.storages(
    DATA_DIR,
    s3_bucket=read_text("PLUGPORT_S3_BUCKET", "", "Bucket for packages; local files without."),
    s3_endpoint=read_text("PLUGPORT_S3_ENDPOINT", "", "URL of an S3-compatible server."),
    s3_region=read_text("PLUGPORT_S3_REGION", "us-east-1", "Region of the bucket."),
    s3_access_key=read_secret("PLUGPORT_S3_ACCESS_KEY", "Access key id for the bucket."),
    s3_secret_key=read_secret("PLUGPORT_S3_SECRET_KEY", "Secret access key for the bucket."),
    use_manifest=ENVIRONMENT != "test",
)
PACKAGE_STORE = backends.package_store(STORAGES)
SEARCH_ENGINE = backends.search_engine(
    DATA_DIR,
    meili_url=read_text("PLUGPORT_MEILI_URL", "", "URL of Meilisearch; an own index without."),
    meili_key=read_secret("PLUGPORT_MEILI_KEY", "Key that Meilisearch asks for."),
    meili_index=read_text("PLUGPORT_MEILI_INDEX", "plugins", "How the index there is called."),
)
SEARCH_FLUSH_SECONDS = 2.0

REGISTRY_NAME = read_text(
    "PLUGPORT_NAME", "plugport", "What this registry calls itself in answers."
)

MAINTENANCE = read_text(
    "PLUGPORT_MAINTENANCE",
    "",
    "A sentence for people; while it is set, everything but health answers 503 with it.",
)
SECURITY_CONTACTS = read_list(
    "PLUGPORT_SECURITY_CONTACT",
    [],
    "Where to report a weakness: mail addresses or https addresses, the preferred one first.",
)

# ---- publishing ------------------------------------------------------------------------------
OFFICIAL_SCOPES = frozenset(
    read_list("PLUGPORT_OFFICIAL_SCOPES", ["ar"], "Scopes that carry the OFFICIAL badge.")
)
LEASE_SECONDS = read_int(
    "PLUGPORT_LEASE_SECONDS", 45, "How long a worker may hold a job without news.", least=1
)
CHECK_SECONDS = read_int(
    "PLUGPORT_CHECK_SECONDS", 40, "How long one check may run before it counts as failed.", least=1
)
UPLOAD_SECONDS = read_int(
    "PLUGPORT_UPLOAD_SECONDS",
    15,
    "How long storing an upload may take, beside a second per 8 MiB.",
    least=1,
)
SWEEP_SECONDS = read_int(
    "PLUGPORT_SWEEP_SECONDS", 10, "How often the worker looks for what a crash left.", least=1
)
WORKER_MEMORY_MB = read_int(
    "PLUGPORT_WORKER_MEMORY_MB", 1024, "Memory that one worker process may take, in MiB.", least=256
)
CELERY = backends.celery(REDIS_URL, DATA_DIR, check_seconds=CHECK_SECONDS)
MAX_WAIT_SECONDS = 60
# Of one web process. Each of them holds a thread, and others want to be answered meanwhile.
MAX_WAITING = 2
DOWNLOAD_FLUSH_SECONDS = 2.0
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_HANDLERS = ["config.uploads.DropFiles"]

# ---- pictures of READMEs ---------------------------------------------------------------------
README_IMAGES = read_choice(
    "PLUGPORT_README_IMAGES",
    "proxy",
    "Remote pictures in READMEs: `proxy` fetches and shows them, `block` shows links instead.",
    allowed=("proxy", "block"),
)
IMAGE_CACHE_MB = read_int(
    "PLUGPORT_IMAGE_CACHE_MB", 512, "Disk that fetched pictures may take, in MiB.", least=16
)

# ---- limits ----------------------------------------------------------------------------------
RATE_LIMITS = {
    "read": read_text("PLUGPORT_LIMIT_READ", "120000/minute", "Reads per token or address."),
    "write": read_text("PLUGPORT_LIMIT_WRITE", "3000/minute", "Writes per token or address."),
    "publish": read_text("PLUGPORT_LIMIT_PUBLISH", "1200/minute", "Uploads per token."),
    "denied": read_text(
        "PLUGPORT_LIMIT_DENIED", "300/minute", "Refused tokens per address, against guessing."
    ),
}
RATE_LIMIT_STORAGE = REDIS_URL or "process://"
TRUSTED_PROXIES = read_int(
    "PLUGPORT_TRUSTED_PROXIES", 0, "How many proxies in front add X-Forwarded-For."
)
# Sign-in counts failures by address: behind a proxy everybody would share one.
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# ---- people ----------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
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
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_USERNAME_VALIDATORS = "registry.usernames.USERNAME_VALIDATORS"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ALLOW_SIGNUP = read_bool("PLUGPORT_ALLOW_SIGNUP", "May strangers make an account?", default=True)
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(DATA_DIR / "mail")
DEFAULT_FROM_EMAIL = read_text(
    "PLUGPORT_MAIL_FROM", f"plugport@{_BASE_HOST}", "Sender of the registry's mails."
)
_MAIL_URL = read_secret(
    "PLUGPORT_MAIL_URL",
    "`smtp://user:password@host:port`, `smtp+starttls://…` or `smtps://…`; files without.",
)
if _MAIL_URL:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    globals().update(backends.mail(_MAIL_URL))

# ---- safe by default -------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.problems.handle_csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BASE_URL.startswith("https://")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_TLS_REDIRECT = read_bool(
    "PLUGPORT_TLS_REDIRECT", "Send plain HTTP to HTTPS; in production only.", default=True
)
if IS_PRODUCTION:
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = _TLS_REDIRECT
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    # Believed only behind a proxy of ours, which overwrites whatever a client sent.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None

# ---- static files ----------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = ENVIRONMENT == "test"

# ---- API -------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["registry.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_RENDERER_CLASSES": ["registry.api.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["registry.api.rendering.JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "registry.api.rendering.JsonNegotiation",
    "DEFAULT_SCHEMA_CLASS": "registry.api.schema.ProblemSchema",
    "EXCEPTION_HANDLER": "config.problems.handle_api_exception",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Plugport API",
    "DESCRIPTION": "Find, publish and download plugins. Errors are RFC 9457 problem documents.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_URLCONF": "marketplace.api.mounted",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVERS": [{"url": BASE_URL}],
    "POSTPROCESSING_HOOKS": ["registry.api.schema.describe_everywhere"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "/static/icons/mark.svg",
}

# ---- logs ------------------------------------------------------------------------------------
LOG_FORMAT = read_text("PLUGPORT_LOG_FORMAT", "text", "`text` for people, `json` for machines.")
LOG_LEVEL = read_text("PLUGPORT_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.")
LOGGING_CONFIG = "config.logs.configure_logging"
LOGGING = {"format": LOG_FORMAT, "level": LOG_LEVEL}
