"""Addresses of consents."""

from django.urls import path

from zhike.web.approvals import exemptions, views

app_name = "approvals"
urlpatterns = [
    path("", views.show, name="show"),
    path("/exemptions", exemptions.show, name="exemptions"),
    path("/exemptions/<int:number>", exemptions.decide, name="decide_exemption"),
    path("/exemptions/<int:number>/ask", exemptions.ask, name="ask_exemption"),
    path("/exemptions/<int:number>/revoke", exemptions.revoke, name="revoke_exemption"),
    path("/<int:number>", views.decide, name="decide"),
    path("/<int:number>/withdraw", views.withdraw, name="withdraw"),
]
