from __future__ import annotations

from django.urls import path

from zhike.web.api_tokens import views

app_name = "api_tokens"
urlpatterns = [
    path("", views.show_list, name="list"),
    path("/<int:number>/revoke", views.revoke, name="revoke"),
]
