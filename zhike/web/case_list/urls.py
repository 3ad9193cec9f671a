"""Every case the viewer is entitled to: as a list, on a board by stage, as saved views."""

from __future__ import annotations

from django.urls import path

from zhike.web.case_list import board, bulk, exports, saved, views

app_name = "case_list"
urlpatterns = [
    path("", views.show, name="show"),
    path("/board", board.board, name="board"),
    path("/board/cards", board.cards, name="cards"),
    path("/<slug:number>/move", board.move, name="move"),
    path("/bulk", bulk.show, name="bulk"),
    path("/exports", exports.exports, name="exports"),
    path("/exports/<int:number>", exports.decide, name="export"),
    path("/exports/<int:number>/file", exports.download, name="download"),
    path("/views", saved.views, name="views"),
    path("/views/counts", saved.counts, name="counts"),
    path("/views/<int:number>", saved.view, name="view"),
]
