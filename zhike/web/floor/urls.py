from __future__ import annotations

from django.urls import path

from zhike.web.floor import views

app_name = "floor"
urlpatterns = [
    path("", views.show, name="show"),
    path("/now", views.now, name="now"),
]
