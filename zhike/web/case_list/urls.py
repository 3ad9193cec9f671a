from __future__ import annotations

from django.urls import path

from zhike.web.case_list import views

app_name = "case_list"
urlpatterns = [path("", views.show, name="show")]
