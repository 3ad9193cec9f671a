from __future__ import annotations

from django.urls import path

from zhike.web.case_page import files, views

app_name = "case_page"
urlpatterns = [
    path("/<slug:number>", views.show, name="show"),
    path("/<slug:number>/live", views.live, name="live"),
    path("/<slug:number>/timeline", views.timeline, name="timeline"),
    path("/<slug:number>/beside", views.beside, name="beside"),
    path("/<slug:number>/actions/<slug:action>", views.act, name="act"),
    path("/<slug:number>/notes", views.note, name="note"),
    path("/<slug:number>/phone", views.phone, name="phone"),
    path("/<slug:number>/files/<str:token>", files.file, name="file"),
]
