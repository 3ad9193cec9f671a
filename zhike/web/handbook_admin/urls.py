"""Addresses of the administration of handbooks."""

from django.urls import path

from zhike.web.handbook_admin import days_off, deciding, installing, parameters, proposals

app_name = "handbook_admin"
urlpatterns = [
    path("", installing.show_list, name="list"),
    path("/upload", installing.upload, name="upload"),
    path("/shipped", installing.shipped, name="shipped"),
    path("/restore/<int:number>", installing.restore, name="restore"),
    path("/compare", proposals.compare_versions, name="compare"),
    path("/proposals/<int:number>", proposals.show, name="proposal"),
    path("/proposals/<int:number>/preview", proposals.preview, name="preview"),
    path("/proposals/<int:number>/readers", proposals.readers, name="readers"),
    path("/proposals/<int:number>/<slug:deed>", deciding.decide, name="decide"),
    path("/days-off", days_off.show_list, name="days_off"),
    path("/days-off/<slug:region>/<int:year>", days_off.edit, name="year"),
    path("/<slug:name>/parameters", parameters.show_list, name="parameters"),
    path("/<slug:name>/parameters/<slug:parameter>", parameters.edit, name="parameter"),
]
