from __future__ import annotations

from django.urls import path

from zhike.web.credentials import views

app_name = "credentials"
urlpatterns = [
    path("/sign-in/rules", views.show_rules, name="rules"),
    path("/staff/<int:number>/sign-in", views.person, name="person"),
    path("/staff/<int:number>/sign-in/link", views.link, name="link"),
    path("/staff/<int:number>/sign-in/link/revoke", views.revoke, name="revoke"),
    path("/staff/<int:number>/sign-in/sessions/end", views.end, name="end"),
    path("/staff/<int:number>/sign-in/second-factor/remove", views.remove_factor, name="remove_factor"),
    path("/staff/<int:number>/sign-in/unlock", views.unlock, name="unlock"),
]
