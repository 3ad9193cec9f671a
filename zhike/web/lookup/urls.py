"""Addresses of the enquiry directory."""

from django.urls import path

from zhike.web.lookup import views

app_name = "lookup"
urlpatterns = [
    path("", views.show, name="show"),
    path("/<slug:handbook>/<slug:record>", views.answer, name="answer"),
    path("/<slug:handbook>/<slug:record>/missing", views.missing, name="missing"),
]
