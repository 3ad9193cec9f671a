from __future__ import annotations

from django.urls import path

from zhike.web.webchat import script, survey, views

app_name = "webchat"
urlpatterns = [
    path("/widget.js", script.show, name="widget"),
    path("/survey/<str:token>", survey.show, name="survey_page"),
    path("/<slug:key>/settings", views.settings, name="settings"),
    path("/<slug:key>/state", views.state, name="state"),
    path("/<slug:key>/messages", views.write, name="write"),
    path("/<slug:key>/files", views.send_file, name="send_file"),
    path("/<slug:key>/files/<str:token>", views.get_file, name="get_file"),
    path("/<slug:key>/typing", views.typing, name="typing"),
    path("/<slug:key>/read", views.read, name="read"),
    path("/<slug:key>/end", views.end, name="end"),
    path("/<slug:key>/survey", views.survey, name="survey"),
    path("/<slug:key>/pages", views.pages, name="pages"),
    path("/<slug:key>/identity", views.identity, name="identity"),
    path("/<slug:key>/offline", views.offline, name="offline"),
    path("/<slug:key>/transcript", views.transcript, name="transcript"),
]
