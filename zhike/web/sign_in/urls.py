from __future__ import annotations

from django.urls import path

from zhike.web.sign_in import links, views

app_name = "sign_in"
urlpatterns = [
    path("sign-in", views.sign_in, name="sign_in"),
    path("sign-in/code", views.code, name="code"),
    path("sign-in/set-up", views.set_up, name="set_up"),
    path("sign-in/link/<slug:secret>", links.use, name="link"),
    path("sign-out", views.sign_out, name="sign_out"),
]
