"""Addresses of the portal. `app_name` is its namespace."""

from django.urls import path

from zhike.web.portal import views

app_name = "portal"
urlpatterns = [
    path("/", views.index, name="index"),
    path("/file/<slug:handbook>/<slug:process>/<slug:action>", views.file, name="file"),
    path("/filed", views.filed, name="filed"),
    path("/follow", views.follow, name="follow"),
    path("/follow/code", views.code, name="code"),
    path("/link/<slug:token>", views.link, name="link"),
    path("/case", views.case, name="case"),
    path("/case/state", views.state, name="state"),
    path("/case/act/<slug:action>", views.act, name="act"),
    path("/case/file/<slug:token>", views.attachment, name="attachment"),
    path("/leave", views.leave, name="leave"),
]
