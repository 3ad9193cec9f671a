"""Addresses of the journal."""

from django.urls import path

from zhike.web.audit import chain, reviews, views

app_name = "audit"
urlpatterns = [
    path("", views.show, name="show"),
    path("/export", views.export, name="export"),
    path("/chain", chain.show, name="chain"),
    path("/reviews", reviews.show, name="reviews"),
    path("/reviews/<int:number>", reviews.verdict, name="review"),
]
