"""Addresses of the keyboard's page."""

from django.urls import path

from zhike.web.shortcuts import views

app_name = "shortcuts"
urlpatterns = [path("", views.show, name="show")]
