"""Addresses of the presence control."""

from django.urls import path

from zhike.web.presence import views

app_name = "presence"
urlpatterns = [
    path("", views.control, name="control"),
    path("/enter", views.enter, name="enter"),
    path("/beat", views.beat, name="beat"),
]
