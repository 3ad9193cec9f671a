from __future__ import annotations

from django.urls import path

from zhike.web.skills import views

app_name = "skills"
urlpatterns = [
    path("", views.show, name="show"),
    path("/<int:number>", views.person, name="person"),
]
