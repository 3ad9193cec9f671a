from __future__ import annotations

from django.urls import path

from zhike.web.inboxes import question, views

app_name = "inboxes"
urlpatterns = [
    path("", views.show_list, name="list"),
    path("/new", views.new, name="new"),
    path("/<int:number>", views.show, name="show"),
    path("/<int:number>/edit", views.edit, name="edit"),
    path("/<int:number>/question", question.page, name="question"),
    path("/<int:number>/switch", views.switch, name="switch"),
    path("/<int:number>/secret", views.secret, name="secret"),
]
