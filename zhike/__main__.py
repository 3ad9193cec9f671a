"""`python -m zhike` is `zhike`."""

import sys

from zhike.web.cli.main import main

sys.exit(main())
