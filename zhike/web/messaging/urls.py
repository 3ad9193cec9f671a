from __future__ import annotations

from django.urls import path

from zhike.web.messaging import gateways, outbox, picker, templates, unwanted

app_name = "messaging"
urlpatterns = [
    path("", outbox.show_list, name="outbox"),
    path("/<int:number>", outbox.show, name="message"),
    path("/<int:number>/again", outbox.again, name="again"),
    path("/<int:number>/play", outbox.play, name="play"),
    path("/templates", templates.show_list, name="templates"),
    path("/templates/new", templates.new, name="new_template"),
    path("/templates/<int:number>", templates.show, name="template"),
    path("/templates/<int:number>/edit", templates.edit, name="edit_template"),
    path("/templates/<int:number>/decide", templates.decide, name="decide"),
    path("/templates/<int:number>/test", templates.test, name="test"),
    path("/gateways", gateways.show_list, name="gateways"),
    path("/gateways/new", gateways.new_gateway, name="new_gateway"),
    path("/gateways/<int:number>", gateways.gateway, name="gateway"),
    path("/gateways/<int:number>/switch", gateways.switch, name="switch_gateway"),
    path("/gateways/<int:number>/reply", gateways.reply_template, name="reply_template"),
    path("/wechat/new", gateways.new_account, name="new_account"),
    path("/wechat/<int:number>", gateways.account, name="account"),
    path("/wechat/<int:number>/switch", gateways.switch_wechat, name="switch_account"),
    path("/wechat/<int:number>/check", gateways.check_account, name="check_account"),
    path("/unwanted", unwanted.show_list, name="unwanted"),
    path("/unwanted/<int:number>/end", unwanted.end, name="end_unwanted"),
    path("/picker/<str:number>", picker.show, name="picker"),
]
