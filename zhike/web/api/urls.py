from __future__ import annotations

from django.urls import URLPattern, path, re_path

from zhike.web.api import described
from zhike.web.api.guard import guarded
from zhike.web.api.product import product

app_name = "api"


def _guarded(pattern: URLPattern) -> URLPattern:
    assert pattern.name
    return path(str(pattern.pattern), guarded(pattern.callback, f"api:{pattern.name}"), name=pattern.name)


urlpatterns = [
    path("openapi.json", described.openapi, name="openapi"),
    path("docs", described.docs, name="docs"),
    *[_guarded(p) for p in product.urls[0] if isinstance(p, URLPattern) and p.name != "api-root"],
    re_path(r"^[\s\S]*\Z", described.nowhere, name="nowhere"),
]
