from __future__ import annotations

from django.urls import path

from zhike.web.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.show, name="show"),
    path("/mine", views.mine, name="mine"),
    path("/new", views.new, name="new"),
    path("/new/<slug:handbook>/<slug:process>/<slug:action>", views.open_new, name="open"),
]
