from __future__ import annotations

from django.urls import path

from zhike.web.account import views

app_name = "account"
urlpatterns = [
    path("", views.show, name="show"),
    path("/password", views.password, name="password"),
    path("/second-factor", views.factor, name="factor"),
    path("/second-factor/begin", views.factor_begin, name="factor_begin"),
    path("/second-factor/remove", views.factor_remove, name="factor_remove"),
    path("/second-factor/codes", views.codes, name="codes"),
    path("/sessions/end", views.end, name="end"),
]
