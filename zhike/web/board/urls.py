from __future__ import annotations

from django.urls import path

from zhike.web.board import views

app_name = "board"
urlpatterns = [
    path("", views.show, name="show"),
    path("/lanes", views.lanes, name="lanes"),
]
