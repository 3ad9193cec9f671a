"""Setting one's password with the link an administrator made. Used, expired, revoked and made-up links look alike."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.debug import sensitive_post_parameters

from zhike.org.actions import OrgRefused
from zhike.org.credentials import LinkGone, link_of, use_link
from zhike.org.sign_in_rules import rules
from zhike.web.context import Request


@sensitive_post_parameters("password", "again")
def use(request: Request, secret: str) -> HttpResponseBase:
    """GET: the form; looking uses nothing up. POST: set the password, once."""
    try:
        staff, wrong = link_of(secret, request.now).staff, ""
        if request.method == "POST":
            chosen = request.POST.get("password", "")
            if chosen == request.POST.get("again", ""):
                use_link(secret, chosen, now=request.now)
                messages.success(request, gettext("密码已设置，请登录。"))
                return HttpResponseRedirect(f"{reverse('sign_in:sign_in')}?username={staff.username}")
            wrong = gettext("两次输入的密码不一样，请重新输入。")
    except LinkGone:
        return render(request, "sign_in/link.html", {"gone": True}, status=404)
    except OrgRefused as refused:
        wrong = " ".join(text.say(get_language() or "zh") for text in refused.problems.values())
    shown = {"person": staff, "wrong": wrong, "least": rules().password_length}
    return render(request, "sign_in/link.html", shown, status=422 if wrong else 200)
