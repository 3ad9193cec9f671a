"""What a person is told about a value that cannot be taken: which one, and what would do."""

from __future__ import annotations

from collections.abc import Sequence

from zhike.handbook.common import Text
from zhike.handbook.structure import FieldDef

_CHOSEN = {
    "daterange",
    "staff_or_department",
    "enum",
    "multi",
    "bool",
    "department",
    "staff",
    "customer",
    "case",
    "record",
    "date",
    "time",
    "datetime",
}


def required(field: FieldDef) -> Text:
    title, title_en = field.title.zh, field.title.say("en")
    if field.type in _CHOSEN:
        return Text(zh=f"请选择“{title}”。", en=f"Choose {title_en}.")
    if field.type == "files":
        return Text(zh=f"请上传“{title}”。", en=f"Attach {title_en}.")
    if field.type == "signature":
        return Text(zh=f"请本人在“{title}”处签名。", en=f"Sign in person at {title_en}.")
    if field.type == "rows":
        return Text(zh=f"请在“{title}”中至少填写一行。", en=f"Fill in at least one row of {title_en}.")
    return Text(zh=f"请填写“{title}”。", en=f"Fill in {title_en}.")


def filled_by(field: FieldDef, roles: Sequence[Text]) -> Text:
    zh, en = "、".join(role.zh for role in roles), ", ".join(role.say("en") for role in roles)
    return Text(
        zh=f"“{field.title.zh}”由{zh}填写，您不能改动。",
        en=f"{field.title.say('en')} is filled by: {en}. You cannot change it.",
    )


def occurs_already(title: Text, names: Sequence[Text], where: str) -> Text:
    """`where`: the number of the case that has it, "" where it is not for the reader."""
    zh, en = "、".join(name.zh for name in names), ", ".join(name.say("en") for name in names)
    there = where or "另一处"
    there_en = f"it is on {where}" if where else "another one has it"
    return Text(
        zh=f"“{title.zh}”按“{zh}”只能有一份，{there}已经有了；请在那里更正。",
        en=f"There is one “{title.say('en')}” for each {en}, and {there_en} already. Correct it there.",
    )


OCCURRENCE = {
    "case": Text(zh="工单或会话", en="case or conversation"),
    "customer": Text(zh="顾客", en="customer"),
    "calendar_day": Text(zh="日", en="day"),
    "calendar_month": Text(zh="月", en="month"),
    "calendar_quarter": Text(zh="季度", en="quarter"),
    "calendar_year": Text(zh="年", en="year"),
}
"""What a form may occur once for, besides its own fields."""


def too_long(longest: int, length: int) -> Text:
    return Text(
        zh=f"最多 {longest:,} 个字，现在有 {length:,} 个；请删减后再提交。",
        en=f"At most {longest:,} characters; there are {length:,}. Shorten it and submit again.",
    )


def too_many(most: int, unit: str, unit_en: str) -> Text:
    return Text(
        zh=f"最多 {most} {unit}，请删减后再提交。", en=f"At most {most} {unit_en}. Remove some and submit again."
    )


def too_small(least: float) -> Text:
    return Text(zh=f"不能小于 {least:g}，请改正。", en=f"It cannot be less than {least:g}. Correct it.")


def too_large(most: float) -> Text:
    return Text(zh=f"不能大于 {most:g}，请改正。", en=f"It cannot be more than {most:g}. Correct it.")


def not_of_pattern(field: FieldDef) -> Text:
    hint, hint_en = (field.help.zh, field.help.say("en")) if field.help else ("", "")
    return Text(
        zh=f"“{field.title.zh}”的格式不对，请检查后重填。{hint}",
        en=f"{field.title.say('en')} is not written as it should be. Check it. {hint_en}".strip(),
    )


def contradicts(field: FieldDef) -> Text:
    return Text(
        zh=f"“{field.title.zh}”与其他内容不一致，请核对后改正。",
        en=f"{field.title.say('en')} does not agree with the rest of the form. Check and correct it.",
    )


def explain(title: Text) -> Text:
    return Text(zh=f"选择“{title.zh}”时请补充说明。", en=f"Say in words what “{title.say('en')}” means here.")


NOT_A_FORM = Text(
    zh="提交的内容不是表单，请刷新页面后重填。", en="What was sent is no form. Reload the page and fill it in again."
)
NOT_TEXT = Text(zh="这里只能填写文字。", en="Only text goes here.")
NOT_INT = Text(zh="请填写整数，例如 3。", en="Write a whole number, for example 3.")
NOT_DECIMAL = Text(
    zh="请填写数字，小数最多六位，例如 12.5。", en="Write a number with at most six decimals, for example 12.5."
)
NOT_MONEY = Text(
    zh="请填写金额，最多两位小数，例如 1280.00。", en="Write an amount with at most two decimals, for example 1280.00."
)
NOT_BOOL = Text(zh="请选择“是”或“否”。", en="Choose yes or no.")
NOT_A_CHOICE = Text(zh="没有这个选项，请从列表中选择。", en="There is no such choice. Choose one of the list.")
NOT_A_DATE = Text(zh="请填写日期，例如 2025-06-10。", en="Write a date, for example 2025-06-10.")
NOT_A_TIME = Text(zh="请填写时间，例如 14:30。", en="Write a time of day, for example 14:30.")
NOT_A_MOMENT = Text(
    zh="请填写日期和时间，例如 2025-06-10 14:30。", en="Write date and time, for example 2025-06-10 14:30."
)
NOT_A_PHONE = Text(
    zh="电话号码不对，请填写 11 位手机号，或带区号的座机号，例如 0571-88881234。",
    en="This is no phone number. Write a mobile number of 11 digits, or a landline with its area code.",
)
NOT_AN_EMAIL = Text(
    zh="邮箱地址不对，请检查后重填，例如 name@example.com。",
    en="This is no e-mail address; write one like name@example.com.",
)
NOT_AN_ID = Text(
    zh="身份证号不对，请核对 18 位号码。", en="This is no identity number. Check its 18 characters against the card."
)
NOT_ROWS = Text(
    zh="表格内容不完整，请刷新页面后重填。", en="The table did not arrive whole. Reload the page and fill it in."
)
NOT_FILES = Text(zh="附件不对，请重新上传。", en="These are no attachments. Upload them again.")
FILES_GONE = Text(
    zh="附件已失效或不是您上传的，请重新上传。", en="An attachment has expired or is not yours. Upload it again."
)
FILE_HELD = Text(
    zh="有附件被安全检查拦下，请删除它后再提交。",
    en="A safety check holds one of the attachments. Remove it and submit again.",
)
NOT_OWN_SIGNATURE = Text(
    zh="签名须由本人办理，不能代签。", en="Everybody signs in person; nobody signs for somebody else."
)

NOT_A_PERIOD = Text(
    zh="请填写起止日期，开始不晚于结束，例如 2025-06-01 至 2025-06-10。",
    en="Write a first and a last day, the first not after the last.",
)
NOT_A_MAP = Text(zh="请逐项填写名称和内容，最多 100 项。", en="Write names with their contents, at most 100.")
NOT_VOTES = Text(
    zh="每人一票：同意、反对或弃权，最多 100 票。", en="One vote a person: yes, no or abstain; at most 100."
)
NOT_AN_OFFSET = Text(zh="请填写时间位置，例如 03:25。", en="Write a position in time, for example 03:25.")

NOT_FOUND = {
    "department": Text(zh="没有这个部门，请从列表中选择。", en="There is no such department. Choose one of the list."),
    "staff": Text(zh="没有这位员工，请从列表中选择。", en="There is no such member of staff. Choose one of the list."),
    "customer": Text(zh="没有这位顾客，请重新查找。", en="There is no such customer. Search again."),
    "case": Text(zh="没有这张工单，请核对工单号。", en="There is no such case. Check its number."),
    "record": Text(
        zh="目录中没有这一条，请从列表中选择。", en="The directory has no such entry. Choose one of the list."
    ),
}
