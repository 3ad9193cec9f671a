"""Addresses of consents."""

from django.urls import path

from zhike.web.approvals import views

app_name = "approvals"
urlpatterns = [
    path("", views.show, name="show"),
    path("/<int:number>", views.decide, name="decide"),
    path("/<int:number>/withdraw", views.withdraw, name="withdraw"),
]
