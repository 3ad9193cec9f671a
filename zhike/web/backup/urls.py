"""Addresses of the page of backups."""

from django.urls import path

from zhike.web.backup import views

app_name = "backup"
urlpatterns = [
    path("", views.show, name="show"),
    path("/plan", views.change, name="plan"),
    path("/now", views.now, name="now"),
]
