from __future__ import annotations

from django.urls import path

from zhike.web.case_page import belonging, files, keeping, splitting, views

app_name = "case_page"
urlpatterns = [
    path("/<slug:number>", views.show, name="show"),
    path("/<slug:number>/live", views.live, name="live"),
    path("/<slug:number>/timeline", views.timeline, name="timeline"),
    path("/<slug:number>/beside", views.beside, name="beside"),
    path("/<slug:number>/actions/<slug:action>", views.act, name="act"),
    path("/<slug:number>/notes", views.note, name="note"),
    path("/<slug:number>/phone", views.phone, name="phone"),
    path("/<slug:number>/people", belonging.people, name="people"),
    path("/<slug:number>/follow", belonging.follow, name="follow"),
    path("/<slug:number>/hold", keeping.hold, name="hold"),
    path("/<slug:number>/links", belonging.links, name="links"),
    path("/<slug:number>/links/<int:link>/end", belonging.unlink, name="unlink"),
    path("/<slug:number>/merge", belonging.merge, name="merge"),
    path("/<slug:number>/merge/undo", belonging.unmerge, name="unmerge"),
    path("/<slug:number>/split", splitting.split, name="split"),
    path("/<slug:number>/undo", belonging.undo, name="undo"),
    path("/<slug:number>/files/<str:token>", files.file, name="file"),
]
