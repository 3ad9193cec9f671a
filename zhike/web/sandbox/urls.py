"""Addresses of the sandbox."""

from django.urls import path

from zhike.web.sandbox import views

app_name = "sandbox"
urlpatterns = [
    path("sandbox", views.show, name="show"),
    path("sandbox/move", views.move, name="move"),
    path("sandbox/become", views.become, name="become"),
    path("api/sandbox/clock", views.clock_api, name="clock_api"),
]
