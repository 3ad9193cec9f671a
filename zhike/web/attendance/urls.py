"""Addresses of attendance."""

from django.urls import path

from zhike.web.attendance import mine, month, planning

app_name = "attendance"
urlpatterns = [
    path("", month.show, name="show"),
    path("/mine", mine.show, name="mine"),
    path("/mine/leave", mine.leave, name="leave"),
    path("/mine/swap", mine.swap, name="swap"),
    path("/requests", mine.requests, name="requests"),
    path("/requests/<int:number>", mine.answer, name="answer"),
    path("/person/<int:number>", planning.person, name="person"),
    path("/person/<int:number>/weeks", planning.weeks, name="weeks"),
    path("/person/<int:number>/day", planning.day, name="day"),
    path("/shifts", planning.shifts, name="shifts"),
    path("/import", planning.take_file, name="import"),
]
