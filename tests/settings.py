"""The settings tests run with: a data folder of their own, cheap passwords, nothing collected or compressed.

The embedded PostgreSQL of that folder starts when the first test asks for a database (conftest.py).
ZHIKE_TEST_DATABASE_URL names a server to use instead; its user must be allowed to create databases. What is set for the product
itself (ZHIKE_HOME and the like) never reaches a test.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

TEST_HOME = Path(tempfile.mkdtemp(prefix="zhike-test-"))
TEST_HOME.chmod(0o711)
atexit.register(shutil.rmtree, TEST_HOME, ignore_errors=True)

FOR_TESTS = ("ZHIKE_TEST_", "ZHIKE_CHROMIUM")
for name in [name for name in os.environ if name.startswith("ZHIKE_") and not name.startswith(FOR_TESTS)]:
    del os.environ[name]
for name in ("PORT", "HANDBOOK", "DATABASE_URL"):
    os.environ.pop(name, None)
os.environ["ZHIKE_HOME"] = str(TEST_HOME)
os.environ["ZHIKE_LOG"] = "console"
if url := os.environ.get("ZHIKE_TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = url

from zhike.settings import *  # noqa: E402, F403
from zhike.settings import DATABASES, STORAGES  # noqa: E402

DATABASES["default"]["OPTIONS"].pop("pool")  # the test database is dropped at the end, which a pool would prevent
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "tests.hashers.QuickRecoveryHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
