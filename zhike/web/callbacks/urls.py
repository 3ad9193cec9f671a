from __future__ import annotations

from django.urls import path

from zhike.web.callbacks import views

app_name = "callbacks"
urlpatterns = [
    path("/sms/<str:key>/receipts", views.receipts, name="sms_receipts"),
    path("/sms/<str:key>/replies", views.replies, name="sms_replies"),
    path("/wechat/<str:key>", views.wechat, name="wechat"),
]
