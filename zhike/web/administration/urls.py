"""Addresses of administration."""

from django.urls import path

from zhike.web.administration import directories, installed, leaving, people, places, tree

app_name = "administration"
urlpatterns = [
    path("", installed.index, name="index"),
    path("/staff", people.staff, name="staff"),
    path("/staff/add", people.add_staff, name="add_staff"),
    path("/staff/<int:number>", people.edit_staff, name="edit_staff"),
    path("/staff/<int:number>/switch", people.switch_staff, name="switch_staff"),
    path("/staff/<int:number>/leave", leaving.leave, name="leave"),
    path("/staff/<int:number>/return", leaving.come_back, name="return"),
    path("/staff/<int:number>/assign", people.assign, name="assign"),
    path("/staff/<int:number>/withdraw", people.withdraw, name="withdraw"),
    path("/departments", tree.show, name="departments"),
    path("/departments/add", places.add_department, name="add_department"),
    path("/departments/<int:number>", places.edit_department, name="edit_department"),
    path("/departments/<int:number>/move", tree.move, name="move_department"),
    path("/departments/<int:number>/retire", tree.retire, name="retire_department"),
    path("/departments/<int:number>/switch", places.switch_department, name="switch_department"),
    path("/directories", directories.directories, name="directories"),
    path("/directories/<slug:handbook>/<slug:record>", directories.directory, name="directory"),
    path("/directories/<slug:handbook>/<slug:record>/add", directories.add_row, name="add_row"),
    path("/directories/<slug:handbook>/<slug:record>/<int:number>", directories.edit_row, name="edit_row"),
    path("/directories/<slug:handbook>/<slug:record>/<int:number>/switch", directories.switch_row, name="switch_row"),
]
