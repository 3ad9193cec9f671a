from __future__ import annotations

from django.urls import path

from zhike.web.hand_over import views

app_name = "hand_over"
urlpatterns = [path("/<slug:number>/hand-over", views.hand_over, name="hand_over")]
