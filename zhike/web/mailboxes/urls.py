from __future__ import annotations

from django.urls import path

from zhike.web.mailboxes import boxes, mails

app_name = "mailboxes"
urlpatterns = [
    path("", mails.folder, name="folder"),
    path("/<int:number>", mails.show, name="mail"),
    path("/<int:number>/look", mails.look, name="look"),
    path("/<int:number>/source", mails.source, name="source"),
    path("/<int:number>/file/<str:token>", mails.file, name="file"),
    path("/<int:number>/release", mails.release, name="release"),
    path("/<int:number>/block", mails.block, name="block"),
    path("/out", mails.out, name="out"),
    path("/out/<int:number>", mails.settle, name="settle"),
    path("/boxes", boxes.show_list, name="boxes"),
    path("/boxes/new", boxes.new, name="new"),
    path("/boxes/<int:number>", boxes.show, name="box"),
    path("/boxes/<int:number>/edit", boxes.edit, name="edit"),
    path("/boxes/<int:number>/try", boxes.try_connection, name="try"),
    path("/boxes/<int:number>/again", boxes.begin_again, name="again"),
    path("/boxes/<int:number>/switch", boxes.switch, name="switch"),
]
