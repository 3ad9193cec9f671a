from __future__ import annotations

from django.urls import path

from zhike.web.webhooks import deeds, views

app_name = "webhooks"
urlpatterns = [
    path("", views.show_list, name="list"),
    path("/new", views.new, name="new"),
    path("/<int:number>", views.show, name="show"),
    path("/<int:number>/edit", views.edit, name="edit"),
    path("/<int:number>/secret", views.change_secret, name="secret"),
    path("/<int:number>/deliveries/<int:delivery>", views.delivery, name="delivery"),
    path("/<int:number>/ping", deeds.ping, name="ping"),
    path("/<int:number>/pause", deeds.pause, name="pause"),
    path("/<int:number>/resume", deeds.resume, name="resume"),
    path("/<int:number>/remove", deeds.remove, name="remove"),
    path("/<int:number>/replay", deeds.replay, name="replay"),
    path("/<int:number>/deliveries/<int:delivery>/skip", deeds.skip, name="skip"),
]
