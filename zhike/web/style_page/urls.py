from __future__ import annotations

from django.urls import path

from zhike.web.style_page import views

app_name = "style_page"
urlpatterns = [path("", views.show, name="show")]
