from __future__ import annotations

from django.urls import path

from zhike.web.figures import ranks, views

app_name = "figures"
urlpatterns = [
    path("", views.show, name="show"),
    path("/ranks", ranks.show, name="ranks"),
    path("/ranks/decide", ranks.decide, name="decide"),
    path("/export", views.export, name="export"),
    path("/<str:handbook>/<str:name>", views.behind, name="behind"),
]
