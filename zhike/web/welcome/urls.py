"""Addresses of the welcome page."""

from django.urls import path

from zhike.web.welcome import views

app_name = "welcome"
urlpatterns = [path("", views.show, name="show")]
