from __future__ import annotations

from django.urls import path

from zhike.web.workbench import by_hand, cases, deeds, ended, files, forms, replies, talking, views

app_name = "workbench"
urlpatterns = [
    path("", views.show, name="show"),
    path("/list", views.pane, name="list"),
    path("/rows", views.rows, name="rows"),
    path("/new", by_hand.new, name="new"),
    path("/ended", ended.show, name="ended"),
    path("/replies", replies.page, name="replies"),
    path("/replies/<int:number>", replies.change, name="reply"),
    path("/upload", files.upload, name="upload"),
    path("/<str:number>", views.one, name="one"),
    path("/<str:number>/head", views.head, name="head"),
    path("/<str:number>/trail", views.trail, name="trail"),
    path("/<str:number>/hints", views.hints, name="hints"),
    path("/<str:number>/beside", views.beside, name="beside"),
    path("/<str:number>/tail", talking.tail, name="tail"),
    path("/<str:number>/earlier", talking.earlier, name="earlier"),
    path("/<str:number>/say", talking.say, name="say"),
    path("/<str:number>/read", talking.read, name="read"),
    path("/<str:number>/typing", talking.typing, name="typing"),
    path("/<str:number>/cover", deeds.cover, name="cover"),
    path("/<str:number>/forms", forms.choose, name="forms"),
    path("/<str:number>/forms/<slug:record>", forms.fill_in, name="form"),
    path("/<str:number>/replies", replies.offered, name="offered"),
    path("/<str:number>/messages/<int:seq>", talking.message, name="message"),
    path("/<str:number>/files/<str:token>", files.file, name="file"),
    path("/<str:number>/accept", deeds.accept, name="accept"),
    path("/<str:number>/decline", deeds.decline, name="decline"),
    path("/<str:number>/transfer", deeds.transfer, name="transfer"),
    path("/<str:number>/invite", deeds.invite, name="invite"),
    path("/<str:number>/identify", deeds.identify, name="identify"),
    path("/<str:number>/close", deeds.close, name="close"),
    path("/<str:number>/case", cases.convert, name="case"),
    path("/<str:number>/case/<slug:handbook>/<slug:process>/<slug:action>", cases.open_case_from, name="open_case"),
    path("/<str:number>/whisper", deeds.whisper, name="whisper"),
    path("/<str:number>/take-over", deeds.take_over, name="take_over"),
    path("/<str:number>/assign", deeds.assign, name="assign"),
]
