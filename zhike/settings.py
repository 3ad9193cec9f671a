"""Django's settings. Everything that differs between two installations comes from the environment:

DATABASE_URL, ZHIKE_HOME, PORT, HANDBOOK, ZHIKE_SANDBOX, ZHIKE_HOSTS (names the product is reached by, with commas),
ZHIKE_BIND, ZHIKE_HTTPS (set it behind a proxy that speaks TLS), ZHIKE_PROXIES (addresses or networks of those proxies,
with commas), ZHIKE_POOL (database connections a process may hold),
ZHIKE_WEBHOOK_HOSTS (internal hosts that webhooks may go to, `host` or `host:port`, with commas),
ZHIKE_LOG (console or json), ZHIKE_SECRET_KEY, ZHIKE_DEBUG.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Any

import structlog

from zhike.web.cli import environment
from zhike.web.cli.postgres import Embedded

PACKAGE = Path(__file__).resolve().parent
ZHIKE_HOME = environment.make_home()
HANDBOOK = environment.handbook()
SANDBOX = environment.sandbox()
PORT = environment.port()


def kept_secret(place: Path) -> str:
    """A random secret, made once and readable by its owner only."""
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return place.read_text()
    with os.fdopen(descriptor, "w") as target:
        target.write(secret := secrets.token_urlsafe(48))
    return secret


PREPARED = {"server_side_binding": True, "prepare_threshold": 3}
"""Statements used again are prepared: planning cost PostgreSQL four times what carrying out a short one does."""


def database() -> dict[str, Any]:
    """The one database: PostgreSQL, through a pool whose connections are tried before use."""
    fields = environment.parse_database_url(environment.external_database() or Embedded(ZHIKE_HOME).url)
    known = {name: fields.pop(name) for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    # A lost server is tried again by the next request, not after a pause that grows with the time it was away.
    pool = {"min_size": 1, "max_size": int(os.environ.get("ZHIKE_POOL", "12")), "timeout": 5, "reconnect_timeout": 2}
    return {
        "ENGINE": "zhike.journal.engine",
        **known,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"pool": pool, "application_name": "zhike", **PREPARED, **fields},
    }


DEBUG = environment.flag("ZHIKE_DEBUG")
SECRET_KEY = os.environ.get("ZHIKE_SECRET_KEY") or kept_secret(ZHIKE_HOME / "secret-key")
HOSTS = [name.strip() for name in os.environ.get("ZHIKE_HOSTS", "").split(",") if name.strip()]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *HOSTS]
CSRF_TRUSTED_ORIGINS = [f"https://{name.removeprefix('.')}" for name in HOSTS if name != "*"]
WEBHOOK_HOSTS = frozenset(
    name.strip().lower() for name in os.environ.get("ZHIKE_WEBHOOK_HOSTS", "").split(",") if name.strip()
)

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "django_htmx",
    "zhike.journal",
    "zhike.org",
    "zhike.clocks",
    "zhike.records",
    "zhike.notices",
    "zhike.duties",
    "zhike.customers",
    "zhike.conversations",
    "zhike.cases",
    "zhike.channels",
    "zhike.channels.email",
    "zhike.webhooks",
    "zhike.keeping",
    "zhike.rehearsal",
    "zhike.adoption",
    "zhike.web",
]
MIDDLEWARE = [
    "zhike.web.proxies.Forwarded",
    "zhike.web.middleware.Headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "zhike.web.sign_in.session.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "zhike.web.middleware.Person",
    "zhike.web.middleware.Gate",
]
ROOT_URLCONF = "zhike.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "web" / "templates", *sorted(PACKAGE.glob("web/*/templates"))],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "zhike.web.context.frame",
            ],
        },
    },
]

DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "org.Staff"
AUTHENTICATION_BACKENDS = ["zhike.org.backend.StaffBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "zhike.org.hashers.RecoveryHasher",
]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = sorted(PACKAGE.glob("**/locale"))
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
APPEND_SLASH = False  # no address of ours ends in one

STATIC_URL = "/static/"
STATIC_ROOT = ZHIKE_HOME / "static"
MEDIA_ROOT = ZHIKE_HOME / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
"""A table of two thousand rows is a mistake somebody makes: the form says how many it takes, and comes back with what was typed."""

HTTPS = environment.flag("ZHIKE_HTTPS")
PROXIES = environment.proxies()
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "zhike.org.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60  # a long shift
CSRF_COOKIE_HTTPONLY = False  # htmx sends it as a header
CSRF_FAILURE_VIEW = "zhike.web.middleware.csrf_failure"
X_FRAME_OPTIONS = "DENY"

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

LOG_STYLE = os.environ.get("ZHIKE_LOG") or ("console" if sys.stderr.isatty() else "json")
LOG_STEPS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    structlog.processors.format_exc_info,
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": LOG_STEPS,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer()
                if LOG_STYLE == "console"
                else structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        },
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "zhike": {"level": "INFO"},
        "django": {"level": "WARNING", "handlers": [], "propagate": True},
        "procrastinate": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *LOG_STEPS, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
