"""The environment, the apps, the services, and what belongs to no other module."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import backends
from config.env import (
    get_env_bool,
    get_env_choice,
    get_env_int,
    get_env_list,
    get_env_secret,
    get_env_text,
    get_env_url,
    require_url,
)
from registry.api import settings as api_settings

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# ---- environment ------------------------------------------------------------------------------
ENVIRONMENT = get_env_choice(
    "PLUGPORT_ENV",
    "local",
    "`local` for one machine, `production` behind TLS, `test` for the test suite.",
    # A mistyped `production` would serve the public without TLS and with cookies that lack Secure.
    allowed=("local", "production", "test"),
)
IS_PRODUCTION = ENVIRONMENT == "production"
DEBUG = get_env_bool(
    "PLUGPORT_DEBUG", "Show Django's debug pages. Not allowed in production.", default=False
)
if DEBUG and IS_PRODUCTION:
    raise ImproperlyConfigured("PLUGPORT_DEBUG is on while PLUGPORT_ENV is `production`")

DATA_DIR = Path(
    get_env_text(
        "PLUGPORT_DATA_DIR", "var", "Folder for the database, packages, the queue and secrets."
    )
).absolute()
SCRATCH_DIR = DATA_DIR / "scratch"
PORT = get_env_int("PORT", 8000, "Port of the web server.", min_value=1)
BASE_URL = get_env_url(
    "PLUGPORT_BASE_URL",
    f"http://127.0.0.1:{PORT}",
    "Public URL of the registry. Links in responses start with it.",
).rstrip("/")
BASE_HOST = urlsplit(BASE_URL).hostname or ""
ALLOWED_HOSTS = [
    # Links have it, and the gateway sends it. Django compares an IPv6 address as it is in a URL.
    f"[{BASE_HOST}]" if ":" in BASE_HOST else BASE_HOST,
    *get_env_list(
        "PLUGPORT_ALLOWED_HOSTS",
        [] if IS_PRODUCTION else ["127.0.0.1", "localhost", "[::1]"],
        "Further host names that the server accepts, comma-separated. The host of PLUGPORT_BASE_URL is always accepted.",
    ),
]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECRET_KEY = backends.load_secret_key(
    get_env_secret(
        "PLUGPORT_SECRET_KEY", "Key that signs sessions and links. Required in production."
    ),
    DATA_DIR,
    is_production=IS_PRODUCTION,
)
INSTANCE_KEY = get_env_secret(
    "PLUGPORT_INSTANCE_KEY",
    "Key that signs the audit log: the base64 of 32 random bytes (`openssl rand -base64 32`), the same on"
    " all machines. Without it, a key is generated in the data folder.",
)
AUDIT_SYSLOG_URL = require_url(
    "PLUGPORT_AUDIT_SYSLOG_URL",
    get_env_text(
        "PLUGPORT_AUDIT_SYSLOG_URL",
        "",
        "Syslog server that gets the audit log: `syslog+tls://HOST:PORT`. The usual port is 6514.",
    ),
    schemes=("syslog+tls",),
)
AUDIT_SYSLOG_CA = get_env_text(
    "PLUGPORT_AUDIT_SYSLOG_CA",
    "",
    "File with the certificates (PEM) that may sign that of the syslog server. Without it, those of the"
    " system.",
)
AUDIT_SYSLOG_CERTIFICATE = get_env_text(
    "PLUGPORT_AUDIT_SYSLOG_CERTIFICATE",
    "",
    "File with a certificate and its key (PEM) for a syslog server that asks for one.",
)

# ---- apps ------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config.apps.AdminConfig",
    # Before Django's app, whose command `changepassword` it replaces.
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.github",
    "allauth.socialaccount.providers.gitlab",
    "allauth.mfa",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "registry",
    "marketplace",
    # Benchmark data (`manage.py make_catalogue`); images for production leave the package out.
    *(["bench"] if find_spec("bench") else []),
]
MIDDLEWARE = [
    "config.middleware.RequestContextMiddleware",
    "config.middleware.UntrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.compression.CompressionMiddleware",
    "config.middleware.SecurityHeadersMiddleware",
    "config.middleware.PageLimitMiddleware",
    "config.api_middleware.ApiQuotaMiddleware",
    "config.api_middleware.PreflightMiddleware",
    "config.middleware.MaintenanceMiddleware",
    "config.caching.marks.CacheMarkMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.security.organization_session.AuthenticationMiddleware",
    "accounts.audit.origin.AuditOriginMiddleware",
    "accounts.pages.security.sessions.SessionMiddleware",
    "config.caching.no_store.PrivateResponsesMiddleware",
    "config.middleware.OrganizationSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "marketplace.pages.redirects.RedirectMiddleware",
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
                "marketplace.context_processors.site",
            ],
        },
    },
]

# ---- database, cache, queue, storage -----------------------------------------------------------
DATABASE_URL = get_env_secret(
    "DATABASE_URL", "`postgres://user:password@host:port/name`. Without it, SQLite is used."
)
DATABASES = {"default": backends.build_database_settings(DATABASE_URL, DATA_DIR)}
REDIS_URL = require_url(
    "PLUGPORT_REDIS_URL",
    get_env_secret("PLUGPORT_REDIS_URL", "URL of Redis for the queue, the cache and rate limits."),
    schemes=("redis", "rediss"),
)
CACHES = backends.build_cache_settings(REDIS_URL, DATA_DIR)
STORAGES = backends.build_storage_settings(
    DATA_DIR,
    s3_bucket=get_env_text(
        "PLUGPORT_S3_BUCKET", "", "S3 bucket for packages. Without it, packages are local files."
    ),
    s3_endpoint=get_env_url(
        "PLUGPORT_S3_ENDPOINT", "", "URL of an S3-compatible server, if it is not AWS."
    ),
    s3_region=get_env_text("PLUGPORT_S3_REGION", "us-east-1", "Region of the bucket."),
    s3_access_key=get_env_secret("PLUGPORT_S3_ACCESS_KEY", "Access key ID for the bucket."),
    s3_secret_key=get_env_secret("PLUGPORT_S3_SECRET_KEY", "Secret access key for the bucket."),
    use_manifest=ENVIRONMENT != "test",
)
PACKAGE_STORE = backends.build_package_store_settings(
    STORAGES,
    s3_public_endpoint=get_env_url(
        "PLUGPORT_S3_PUBLIC_ENDPOINT",
        "",
        "URL of the S3 server for redirected clients, if it differs from PLUGPORT_S3_ENDPOINT.",
    ),
)
X_ACCEL_PREFIX = get_env_text(
    "PLUGPORT_X_ACCEL_PREFIX",
    "",
    "Path of an internal location from which nginx sends packages that are local files, for example"
    " `PLUGPORT_X_ACCEL_PREFIX=/protected-packages/`.",
)
S3_REDIRECT = get_env_bool(
    "PLUGPORT_S3_REDIRECT",
    "Redirect downloads to presigned URLs of the S3 bucket, which clients must be able to reach.",
    default=False,
)
# Set by the commands that start the web server; see `common.gateway_protocol`.
BEHIND_GATEWAY = "PLUGPORT_BEHIND_GATEWAY" in os.environ
PACKAGE_SENDER = backends.build_package_sender_settings(
    x_accel_prefix=X_ACCEL_PREFIX, redirects=S3_REDIRECT, is_behind_gateway=BEHIND_GATEWAY
)
SEARCH_ENGINE = backends.build_search_engine_settings(
    DATA_DIR,
    meili_url=get_env_url(
        "PLUGPORT_MEILI_URL",
        "",
        "URL of Meilisearch. Without it, the built-in search index is used.",
    ),
    meili_key=get_env_secret("PLUGPORT_MEILI_KEY", "API key for Meilisearch."),
    meili_index=get_env_text(
        "PLUGPORT_MEILI_INDEX", "plugins", "Name of the index in Meilisearch."
    ),
)
SEARCH_FLUSH_SECONDS = 2.0

REGISTRY_NAME = get_env_text(
    "PLUGPORT_NAME", "plugport", "Name of this registry in API responses and in `/admin/`."
)
DOWNLOAD_HOSTS = get_env_list(
    "PLUGPORT_DOWNLOAD_HOSTS",
    [],
    "Other hosts that clients may download packages from, as `HOST` or `HOST:PORT`, comma-separated:"
    " those to which a proxy or a mirror in front of the registry redirects downloads.",
)

MAINTENANCE = get_env_text(
    "PLUGPORT_MAINTENANCE",
    "",
    "Message for users. While it is set, all URLs except health checks respond 503 with it.",
)
SECURITY_CONTACTS = get_env_list(
    "PLUGPORT_SECURITY_CONTACT",
    [],
    "Where to report vulnerabilities: email addresses or https URLs, the preferred one first.",
)
TERMS_URL = get_env_text(
    "PLUGPORT_TERMS_URL",
    "",
    "URL of the terms of use of this registry. Without it, pages link to the terms in the documentation.",
)

# ---- publishing ------------------------------------------------------------------------------
OFFICIAL_SCOPES = frozenset(
    get_env_list(
        "PLUGPORT_OFFICIAL_SCOPES", ["ar"], "Scopes that get the OFFICIAL badge, comma-separated."
    )
)
TRANSFER_DELAY_HOURS = get_env_int(
    "PLUGPORT_TRANSFER_DELAY_HOURS",
    72,
    "Hours between the acceptance of a transfer of a plugin or scope and its effect. Until then, both sides"
    " can cancel it.",
    min_value=0,
)
CLAIM_ANSWER_DAYS = get_env_int(
    "PLUGPORT_CLAIM_ANSWER_DAYS",
    30,
    "Days that owners have to answer a claim to their plugin or scope. Then a moderator decides.",
    min_value=1,
)
CLAIM_INACTIVE_DAYS = get_env_int(
    "PLUGPORT_CLAIM_INACTIVE_DAYS",
    365,
    "Days without a release, a sign-in and a used token of any owner after which others may ask to adopt a plugin"
    " or scope.",
    min_value=1,
)
LEASE_SECONDS = get_env_int(
    "PLUGPORT_LEASE_SECONDS",
    45,
    "Seconds without a renewed lease after which another worker can take a job.",
    min_value=1,
)
CHECK_SECONDS = get_env_int(
    "PLUGPORT_CHECK_SECONDS",
    40,
    "Time limit of one check, in seconds.",
    min_value=1,
)
UPLOAD_SECONDS = get_env_int(
    "PLUGPORT_UPLOAD_SECONDS",
    15,
    "Seconds that storing an upload may take, plus one second for each 8 MB.",
    min_value=1,
)
SWEEP_SECONDS = get_env_int(
    "PLUGPORT_SWEEP_SECONDS",
    10,
    "Seconds between two cleanups of what a crash left behind.",
    min_value=1,
)
WORKER_MEMORY_MB = get_env_int(
    "PLUGPORT_WORKER_MEMORY_MB",
    1024,
    "Memory limit of one worker process, in MB.",
    min_value=256,
)
CELERY = backends.build_celery_settings(REDIS_URL, DATA_DIR, check_seconds=CHECK_SECONDS)
MAX_WAIT_SECONDS = 60
# In one web process. Each waiting upload occupies a thread that other requests need, see `serve`.
MAX_WAITING = 4
DOWNLOAD_FLUSH_SECONDS = 2.0
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
FILE_UPLOAD_HANDLERS = ["config.uploads.DiscardUploadHandler"]

# ---- pictures of READMEs ---------------------------------------------------------------------
README_IMAGES = get_env_choice(
    "PLUGPORT_README_IMAGES",
    "proxy",
    "Remote images in READMEs: `proxy` fetches and serves them, `block` shows links instead.",
    allowed=("proxy", "block"),
)
# In one web process: requests that wait for an image, each in a thread.
MAX_WAITING_IMAGES = 2
IMAGE_CACHE_MB = get_env_int(
    "PLUGPORT_IMAGE_CACHE_MB", 512, "Disk space for cached remote images, in MB.", min_value=16
)

# ---- expensive results -----------------------------------------------------------------------
# Comparisons of large releases and sitemap indexes, see `common.expensive.results`.
RESULT_CACHE_DIR = DATA_DIR / "results"
RESULT_CACHE_BYTES = 256 * 1_000_000
# A request waits for a computation this long at most.
COMPUTATION_SECONDS = 5.0

# ---- shared caches in front of the registry ----------------------------------------------------
PURGE_URL = require_url(
    "PLUGPORT_PURGE_URL",
    get_env_secret(
        "PLUGPORT_PURGE_URL",
        "URL with `{key}` to request when a release is blocked, to purge caches in front of the registry.",
    ),
    schemes=("http", "https"),
)
PURGE_METHOD = get_env_choice(
    "PLUGPORT_PURGE_METHOD", "POST", "Method of that request.", allowed=("POST", "PURGE")
)
PURGE_TOKEN = get_env_secret(
    "PLUGPORT_PURGE_TOKEN", "Bearer token of that request, or `Fastly-Key: …` for another header."
)
PURGE_SECONDS = 5.0

# ---- static files ----------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
# The wheel of the command line, which `manage.py build_client` writes.
CLIENT_DIR = DATA_DIR / "client"
WHITENOISE_USE_FINDERS = ENVIRONMENT == "test"

# ---- API -------------------------------------------------------------------------------------
REST_FRAMEWORK = api_settings.REST_FRAMEWORK
SPECTACULAR_SETTINGS = api_settings.build_openapi_settings(BASE_URL)

# ---- logs ------------------------------------------------------------------------------------
LOG_FORMAT = get_env_choice(
    "PLUGPORT_LOG_FORMAT",
    "text",
    "`text` for people, `json` for log processors.",
    allowed=("text", "json"),
)
LOG_LEVEL = get_env_choice(
    "PLUGPORT_LOG_LEVEL",
    "INFO",
    "`DEBUG`, `INFO`, `WARNING` or `ERROR`.",
    allowed=("DEBUG", "INFO", "WARNING", "ERROR"),
)
LOGGING_CONFIG = "common.logs.configure_logging"
LOGGING = {"format": LOG_FORMAT, "level": LOG_LEVEL}
