"""Addresses of substitutions."""

from django.urls import path

from zhike.web.away import views

app_name = "away"
urlpatterns = [
    path("", views.show, name="show"),
    path("/<int:number>/end", views.end, name="end"),
]
