"""The settings of a test run: those of the server, with a temporary data folder.

pytest-django reads its settings before any conftest is loaded, so the variables are set here.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

if os.environ.get("PLUGPORT_ENV") != "test":
    _folder = tempfile.mkdtemp(prefix="plugport-tests-")
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    os.environ["PLUGPORT_ENV"] = "test"
    os.environ["PLUGPORT_DATA_DIR"] = _folder
    # Tests of second factors turn it on. Registries in separate processes inherit it.
    os.environ.setdefault("PLUGPORT_REQUIRE_MFA_TO_PUBLISH", "0")
    os.environ.setdefault("PLUGPORT_LOG_LEVEL", "ERROR")
    # Services of the machine are used only when a test run is given them.
    for _name in ("DATABASE_URL", "PLUGPORT_REDIS_URL", "PLUGPORT_S3_BUCKET", "PLUGPORT_MEILI_URL"):
        os.environ.pop(_name, None)
    if _url := os.environ.get("PLUGPORT_TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = _url

from config.settings import *  # noqa: F403 -- after the variables that it reads
from config.settings import CACHES, DATA_DIR, DATABASES, STATIC_ROOT

if os.environ.get("DATABASE_URL"):
    # Two test runs on one server do not meet.
    DATABASES["default"]["TEST"] = {"NAME": f"test_plugport_{os.getpid()}"}
    # Threads of a test connect at the same time, on a machine that is busy with other tests.
    DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 30
# Argon2 is slow on purpose. The default hasher is covered by the tests over a live registry.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Processes of a test run share the data folder, and would clear each other's counters.
CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
# Otherwise each `Client` of a test lists all static files when it is first used.
WHITENOISE_AUTOREFRESH = True
# Workers of pytest-xdist share a data folder, and each test resets its counts.
RATE_LIMIT_STORAGE = (DATA_DIR / f"rate-limits-{os.getpid()}").as_uri()
COUNTER_STORAGE = f"sqlite://{DATA_DIR}/counters-{os.getpid()}.sqlite3"
# Tests change rows directly; `tests/functional/api/test_token_cache.py` sets it.
TOKEN_CACHE_SECONDS = 0
# A thread would write outside the transaction of a test; the tests write the counts themselves.
DOWNLOAD_FLUSH_SECONDS = 0
SEARCH_FLUSH_SECONDS = 0
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
