"""Collect the static files, as a start of the product does: pages name them.   python -m zhike.web.bench.static"""

from __future__ import annotations

import django

if __name__ == "__main__":
    django.setup()
    from zhike.web.cli.prepare import collect_static

    collect_static()
