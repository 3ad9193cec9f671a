from __future__ import annotations

from django.urls import path

from zhike.web.case_print import views

app_name = "case_print"
urlpatterns = [path("/<slug:number>/print", views.show, name="show")]
