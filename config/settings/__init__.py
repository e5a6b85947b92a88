"""All settings, read from environment variables only (see `docs/configuration.md`).

Without any variable, the registry runs on one machine: SQLite in WAL mode, local files, a local
queue. With `DATABASE_URL`, `PLUGPORT_REDIS_URL` and `PLUGPORT_S3_BUCKET`, the same code runs on
PostgreSQL, Redis and S3.
"""

from __future__ import annotations

from config.settings.accounts import *
from config.settings.base import *
from config.settings.limits import *
from config.settings.security import *
