from __future__ import annotations

from django.urls import path

from zhike.web.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.shop, name="shop"),
    path("/<slug:product>", views.product, name="product"),
]
