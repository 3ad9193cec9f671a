"""Addresses of the page of deletions."""

from django.urls import path

from zhike.web.keeping import views

app_name = "keeping"
urlpatterns = [
    path("", views.show, name="show"),
    path("/now", views.now, name="now"),
]
