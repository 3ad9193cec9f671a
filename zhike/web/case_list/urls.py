"""Every case the viewer is entitled to: as a list, as saved views."""

from __future__ import annotations

from django.urls import path

from zhike.web.case_list import saved, views

app_name = "case_list"
urlpatterns = [
    path("", views.show, name="show"),
    path("/views", saved.views, name="views"),
    path("/views/counts", saved.counts, name="counts"),
    path("/views/<int:number>", saved.view, name="view"),
]
