"""Addresses of the handbook browser."""

from django.urls import path

from zhike.web.handbook_page import changes, views

app_name = "handbook_page"
urlpatterns = [
    path("", views.show_list, name="list"),
    path("/changes/<int:number>", changes.changes, name="changes"),
    path("/<slug:name>", views.show, name="show"),
    path("/<slug:name>/clause/<str:clause>", views.show_clause, name="clause"),
    path("/<slug:name>/clause/<str:clause>/uses", views.show_uses, name="uses"),
]
