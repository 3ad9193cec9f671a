"""What the keys of the handbook format are called when a change is told: `within` is 期限, "limit".

One line a key: key | Chinese | English. A key without a line is told by its own name.
"""

from __future__ import annotations

from zhike.handbook.common import Text

_TABLE = """
absence | 可写明没有的原因 | a reason instead is accepted
action | 动作 | action
actions | 动作 | actions
aliases | 别称 | other names
names | 名称 | names
also | 另见 | also cited
answers | 回答 | answers
any_of | 任一成立 | any of
appeal | 申诉 | appeal
append_only | 只能补充 | may only be added to
applies | 适用条件 | in force when
approvals | 审批 | approvals
at | 时刻或地点 | at
at_least | 至少字数 | least words
attachments | 附件 | attachments
attempts | 尝试次数 | attempts
automatic | 自动填写 | filled by the product
base | 基数 | base
before | 在此日期之前 | before
better | 越高越好或越低越好 | better when
blocks | 未完成时不许 | blocks
born_late | 适用时已过期的 | when already past
boundary | 到点是否算超时 | boundary
bracket_of | 分档依据 | brackets of
brackets | 分档 | brackets
branches | 分支 | branches
breach | 超时后 | on breach
by | 由谁或按什么 | by
calendar | 日历 | calendar
calendars | 日历 | calendars
cap | 最迟 | cap
capture | 必须登记 | recorded by
charged_to | 计入 | charged to
check | 检查 | check
checkpoints | 检查点 | checkpoints
choices | 选项 | choices
cites | 出处 | section
clause | 条款 | clause
clauses | 条款 | clauses
collective | 集体决定 | decided by a body
columns | 列 | columns
complete | 填全的条件 | complete when
composite | 组成 | composed of
computed | 自动计算 | computed from
confirm | 确认 | confirmed by
confirms | 确认的处理 | confirms
revokes | 撤销的处理 | revokes
continuous | 全程保持 | throughout
copies | 抄送 | copies
copy | 带入 | copied
count | 计数 | count
counted_from | 计算起点 | counted from
coverage | 覆盖率 | coverage
covers | 包含人数 | covers
customer | 顾客信息 | customer
customer_sees | 顾客可见 | shown to the customer
dates | 日期 | dates
days_off | 另外的休息日 | further days off
default | 默认 | default
denominator | 分母 | denominator
department_from | 责任部门取自 | department from
departments | 部门种类 | kinds of department
derived | 原文没有写明 | our default
drop | 不计入 | left out
due | 到期时刻 | due
each | 每次另计 | a clock each time
each_further | 每增加一人 | each further one
effective | 制度所载生效日 | effective by the text
effects | 后果 | consequences
empty | 无数据时显示 | shown when empty
every | 周期 | every
exempt | 豁免 | exempt
explain | 要说明 | asks for words
export | 导出 | export
extend | 延期 | extension
external | 外部人员 | outside the company
extra_workdays | 另外的工作日 | further workdays
facts | 事实 | facts
fields | 项目 | fields
fills | 由谁填写 | filled by
final | 终点 | final
finding | 记为 | finding
first | 第一次 | first time
first_of | 取第一个有值的 | first that has a value
floor | 保底 | floor
for | 对谁 | for
form | 形式 | form
from | 起点 | from
full | 满分 | full marks
handlers | 经手人可见 | handlers may see
help | 提示 | hint
holder | 持有人 | holder
holidays | 节假日表 | holiday table
in_conversation | 会话中由谁填 | filled in conversations by
includes | 包含 | includes
decided_by | 同分由谁定 | equals decided by
seen_by | 谁看得到全部 | seen by
members_see | 本人看得到什么 | members see
mature_after | 多久以后才计入 | counted after
mature_since | 从何时起 | counted from
interim | 先行措施 | meanwhile
interval | 间隔 | interval
is_cap | 是上限 | is a cap
judged_by | 由谁认定 | judged by
keep | 保存多久 | kept for
kept_by | 由谁维护 | kept by
kind | 种类 | kind
label | 名称项 | label
layout | 版式 | layout
least | 最小 | least
limit_of | 时限见 | limit of
list_due | 名单期限 | list due
log | 记日志 | logged
longest | 最长 | longest
look_for | 留意 | looks for
marginal | 分段计价 | by slices
may | 可以 | may
means | 含义 | meaning
metered | 计量 | metered
missed | 漏做后 | when missed
most | 最大 | most
must | 必须 | must
must_state | 必须写明 | must state
name | 名称 | name
needs | 需要 | needs
never | 不许说 | never said
new_round | 新一轮 | new round
none_free | 没有人空闲时 | when nobody is free
not_before | 不早于 | not before
not_from | 不能依据 | never based on
note | 备注 | note
notify | 同时告知 | told
number | 编号 | number
numerator | 分子 | numerator
occasion | 日子 | occasion
of | 关于 | of
on | 何时 | on
on_move | 日期变动时 | when the date moves
open | 原文留白处 | left open by the text
opens | 另开 | opens
options | 选项表 | options
other | 其他 | others
otherwise | 否则 | otherwise
over | 超出时或范围 | over
overrides | 优先于 | goes before
owner_from | 经办人取自 | owner from
owes | 做什么算完成 | settled by
owes_when | 完成的条件 | settled when
parameters | 参数 | parameters
parent | 上级工单 | parent case
part_of | 属于 | part of
parties | 涉及的人 | parties
pattern | 格式 | pattern
pauses | 暂停计时 | pauses
pays | 由谁付 | paid by
per | 按什么分 | per
periods | 统计期间 | periods
permits | 允许而非必须 | permits
person | 当事人 | person
pointer | 轮到谁 | pointer
portal | 顾客可自助开单 | open to customers
precedence | 先后 | precedence
prefill | 预填 | prefilled from
process | 流程 | process
processes | 流程 | processes
propose | 提请 | proposes
public | 告诉顾客 | told to customers
qualified | 资格 | qualified
quotable_after | 何时可以告知 | may be quoted after
quote | 原文 | sentence
range | 范围 | range
rank | 排名 | ranking
record | 表单 | form
records | 表单 | forms
refuse | 不满足时说明 | words of refusal
related | 上级流程 | parent process
relation | 关系 | relation
repeats | 重复的认定 | what is a repeat
reports_to | 上级 | reports to
required | 必填 | required
required_when | 必填条件 | required when
requires | 必须满足 | requires
restated | 事后更正 | restated
resumes | 恢复计时 | resumes
roles | 岗位 | roles
round | 取整 | rounding
same | 相同项目 | same
say | 这样说 | says
scope | 范围 | scope
screens | 可用页面 | screens
script | 话术脚本 | script
send_to | 转到 | sent to
sensitive | 敏感 | sensitive
share | 共同持有 | shared
show | 显示为 | shown as
shown_when | 何时显示 | shown when
shows | 同时显示 | shows
since | 自何时起 | since
since_fact | 起算时刻取自 | counted from
skip | 跳过 | skips
starts | 起算 | starts
stages | 环节 | stages
step | 步骤 | step
strategy | 分配方式 | strategy
streak | 连续 | streak
sum | 合计 | sum
summary | 摘要 | summary
superiors | 上级可见 | superiors may see
survives_close | 结办后继续计时 | goes on after closing
table | 对照表 | table
takes | 接手 | takes the case
target | 目标 | target
target_fact | 目标取自 | target from
text | 正文 | text
then | 然后 | then
tiers | 分级 | tiers
time | 计时方式 | how time counts
times | 次数 | times
title | 名称 | title
to | 去向 | to
to_each | 逐一办理 | to each
to_fact | 去向取自 | target from
tone | 按钮样式 | tone
topics | 主题 | topics
type | 类型 | type
unclaused | 无条款的章节 | sections without a clause
unique | 不重复 | unique
unit | 单位 | unit
unpriced | 没有定价 | unpriced
until | 停止 | ends
until_all | 全部完成才停止 | ends after all of
until_when | 停止的条件 | ends when
value | 数值 | value
version | 版本 | version
versions | 保留旧版 | keeps versions
visible_to | 可见范围 | visible to
voids | 作废 | voided by
warn | 提醒 | warns at
weekday | 星期 | weekday
weekly | 每周时段 | weekly hours
weight | 权重 | weight
when | 仅当 | only when
where | 其中 | where
window | 时段 | window
within | 期限 | limit
words | 文字 | words
wrap_up | 话后整理最多 | wrap-up at most
yearly | 每年 | yearly
yields | 得出 | yields
yields_to | 让位于 | gives way to
zone | 时区 | time zone
mark_overdue | 标为超时 | marked overdue
owe | 产生应办事项 | owes
act | 系统办理 | the product takes
reassign | 转给 | reassigned to
void | 使失效 | voids
deem | 视为 | deemed
freeze | 冻结 | freezes
unfreeze | 解冻 | unfreezes
reopen | 重新打开 | reopened
close | 结束会话，结果记为 | ends the conversation as
apply | 适用 | applies clause
indicator | 计入指标 | counted in
role | 岗位 | role
one_of_fields | 至少填一项 | one of
signatures | 签字 | signatures
distinct | 不同的人 | different people
in_person | 当面 | in person
parallel | 不分先后 | in any order
rows | 行 | rows
quorum | 表决 | vote
not_actor | 不能由其办理 | not by
unless | 除非 | unless
fine | 扣款 | fine
reward | 奖励 | reward
points | 分数 | points
percent | 百分比 | percent
replaces | 取代前级 | replaces those below
not_party | 当事人除外 | not the person concerned
silence | 逾期未答复 | silence means
field | 项目 | field
median | 中位数 | median
mean | 平均数 | mean
fact | 事实 | fact
working | 按工作日 | working days
day | 日 | day
days | 天数 | days
asks | 申请 | asked by
agrees | 同意 | agreed by
under | 依据 | under
after | 在此之后 | after
within_limit | 期限内提出 | asked in time
ask | 这样问 | asks
between | 在两者之间 | between
is_system | 系统扮演 | played by the product
is_customer | 是顾客 | is the customer
shall | 应当 | shall
missing | 缺项时 | when missing
write_once | 填后不改 | written once
closed_until | 在此之前不公开 | closed until
open_while | 公开期间 | open while
fresh_within | 时效 | fresh within
warn_beyond | 超出时提醒 | warns beyond
baseline | 基线 | baseline
id | 标识 | id
"""

KEY_WORDS = {
    key: Text(zh=zh, en=en)
    for key, zh, en in ((part.strip() for part in line.split("|")) for line in _TABLE.strip().splitlines())
}


def key_words(key: str) -> Text:
    """The words for a key; its own name where it has none."""
    return KEY_WORDS.get(key) or Text(zh=key, en=key)
