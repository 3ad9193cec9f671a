from __future__ import annotations

from django.urls import path

from zhike.web.notices_page import views

app_name = "notices_page"
urlpatterns = [
    path("", views.show, name="show"),
    path("/bell", views.bell, name="bell"),
    path("/read", views.read, name="read"),
    path("/again", views.again, name="again"),
]
