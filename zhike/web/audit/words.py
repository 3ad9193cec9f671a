"""What the journal's types of facts and subjects are called. A type that is not here is shown by its own name."""

from __future__ import annotations

from django.utils.translation import get_language

from zhike.handbook.common import Text
from zhike.journal.events import event_types

# type | Chinese | English
TITLES = """
case.opened|建单|Case opened
case.action_taken|办理|Action taken
case.closed|结办|Case closed
case.moved|转到下一环节|Moved to another stage
case.refused|被条款拒绝|Refused by a clause
case.access_denied|无权查看|Kept out of a case
case.note_added|备注|Note added
case.files_added|上传附件|Files added
case.finding_made|得出认定|Finding made
case.calls_for_case|条款要求另立一单|A clause calls for another case
case.owner_changed|换了经办人|Owner changed
case.froze|冻结|Something frozen
case.unfroze|解冻|Released again
case.reassigned|转给别的岗位|Given to others
case.not_reassigned|该转没有转成|Could not be given to others
case.customer_changed|换了客户|Customer changed
case.reopened|重新打开|Reopened
case.deemed|视为办理|Deemed done
case.linked|关联工单|Cases linked
case.unlinked|取消关联|Link ended
case.merged|并入另一单|Merged into another
case.absorbed|并入了另一单|Took in another
case.merge_undone|撤销合并|Merge undone
case.split|拆单|Case split
case.split_off|拆出的工单|Split off
case.followed|关注|Followed
case.unfollowed|取消关注|No longer followed
case.deed_undone|撤销办理|Action undone
case.printed|打印|Printed
case.held|暂停删除|Deletion put off
case.hold_ended|恢复按期删除|Deletion no longer put off
contents.deleted|内容到期删除|Contents deleted when their time was over
journal.redacted|日志内容到期清除|Facts emptied when their time was over
clock.started|时限起算|Clock started
clock.stopped|时限停止|Clock stopped
clock.warned|即将到期|Clock about to run out
clock.target_passed|目标时间已过|Target of a clock passed
clock.breached|超时|Deadline missed
clock.paused|时限暂停|Clock paused
clock.resumed|时限恢复|Clock resumed
clock.reassigned|时限换人|Clock passed on
clock.extended|时限延长|Clock extended
clock.cancelled|时限取消|Clock cancelled
clock.restored|时限还原|Clock restored
clock.redated|期限随日期改动|Limit moved with its date
clock.retimed|时限重排|Clock set anew
inbox.changed|入口变更|Way in changed
conversation.opened|会话开始|Conversation opened
conversation.queued|会话排队|Conversation waits
conversation.offered|会话派给坐席|Conversation offered
conversation.offer_ended|派单未接|Offer ended
conversation.accepted|坐席接入|Conversation taken
conversation.joined|加入会话|Somebody joined
conversation.written|会话消息|Message written
conversation.identified|认出客户|Customer recognised
conversation.changed|会话变更|Conversation changed
conversation.knowledge_searched|查知识库|Knowledge was searched
conversation.knowledge_used|用上知识条目|An entry was used
conversation.surveyed|会话评价|Conversation rated
conversation.closed|会话结束|Conversation closed
conversation.waited|会话久等|Conversation waited
conversation.stranded|无人能接|Nobody can take it
conversation.became_case|会话转工单|Conversation became a case
conversation.whispered|主管悄悄提示|Supervisor whispered
conversation.reply_saved|保存常用语|Canned reply saved
conversation.calls_for_case|条款要求立一单|A clause calls for a case
conversation.reply_removed|删除常用语|Canned reply removed
presence.changed|坐席状态|Presence changed
handbook.drafted|制度起草|Handbook drafted
handbook.submitted|制度提交审批|Handbook submitted
handbook.approved|制度批准|Handbook approved
handbook.declined|制度退回|Handbook declined
handbook.withdrawn|制度撤回|Handbook withdrawn
handbook.cancelled|制度取消生效|Handbook cancelled
handbook.installed|制度安装|Handbook installed
handbook.read|确认已阅|Handbook read
handbook.reminded|催阅|Reminded to read
holidays.entered|登记节假日|Holidays entered
parameter.proposed|提议修改参数|Parameter proposed
duty.owed|产生义务|Duty owed
duty.met|履行义务|Duty met
duty.missed|未履行义务|Duty missed
duty.ended|义务终止|Duty ended
duty.exemption_asked|申请免办|Exemption asked for
duty.exemption_declined|免办未获同意|Exemption declined
duty.exempted|免除义务|Duty exempted
duty.restored|义务还原|Duty restored
duty.streak|连续同样的结果|Same outcome in a row
duty.finding|漏办得出认定|Finding after a missed duty
duty.calls_for_case|漏办要求立一单|A missed duty calls for a case
mailbox.added|新增邮箱|Mailbox added
mailbox.edited|修改邮箱|Mailbox changed
mailbox.switched|启停邮箱|Mailbox switched
mailbox.given_up|停止尝试邮箱|Mailbox given up
mailbox.tried_again|重新尝试邮箱|Mailbox tried again
mail.held|邮件被拦下|Mail kept aside
mail.released|放行邮件|Mail released
mail.settled|认定邮件是否发出|Mail settled
notice.told|发出通知|Somebody told
case.deed_asked|申请办理|Action asked for
case.deed_decided|对申请表态|Consent given or declined
case.deed_dropped|申请没有办成|What was asked for came to nothing
sanction.drafted|处罚草拟|Sanction drafted
sanction.confirmed|处罚确认|Sanction confirmed
sanction.revoked|处罚撤销|Sanction taken back
sanction.began|处理开始生效|Consequence begins
sanction.ended|处理结束|Consequence over
attachment.held|附件被拦下|File held back
lookup.missing|查询未果|Nothing found by an enquiry
lookup.refused|查询被拒|Enquiry refused
customer.added|新建客户|Customer added
customer.edited|修改客户|Customer edited
customer.renamed|客户改名|Customer renamed
customer.card_kept|填写客户资料|Customer's details kept
customer.contact_added|添加联系方式|Contact added
customer.contact_removed|删除联系方式|Contact removed
customer.identifier_added|登记证件号|Identity number added
customer.identifier_removed|删除证件号|Identity number removed
customer.related|建立客户关系|Customers related
customer.relation_ended|解除客户关系|Relation ended
customer.consented|客户同意|Consent given
customer.consent_withdrawn|客户撤回同意|Consent withdrawn
customer.unmasked|查看完整号码|Looked behind a mask
customer.unmasking_reviewed|复核查看|Look reviewed
customer.phone_shown|在工单上查看电话|Phone number shown on a case
customer.merged|合并客户|Customers merged
customer.merge_undone|撤销客户合并|Merge of customers undone
customer.imported|从文件导入客户|Customer imported
customers.import_started|开始导入文件|Import begun
customers.import_finished|导入完成|Import finished
customers.exported|导出客户|Customers exported
keys.rotated|更换密钥|Keys rotated
staff.added|新增员工|Staff added
staff.edited|修改员工|Staff edited
staff.aptitude_kept|修改技能|Skills changed
staff.disabled|停用员工|Staff disabled
staff.enabled|启用员工|Staff enabled
staff.password_set|设置密码|Password set
staff.password_link_made|生成设置密码的链接|Password link made
substitution.arranged|安排代理|Substitution arranged
substitution.ended|代理结束|Substitution ended
export.asked|申请导出|Export asked for
export.decided|导出审批|Export decided
export.written|导出文件生成|Export written
export.fetched|取走导出文件|Export fetched
export.refused|导出被拒|Export refused
staff.left|员工离职|Left the company
staff.returned|员工返岗|Came back
staff.signed_in|登录|Signed in
staff.signed_out|退出|Signed out
staff.sessions_ended|结束登录|Sessions ended
staff.locked_out|登录被锁|Locked out
staff.lock_lifted|解除锁定|Lock lifted
staff.password_link_revoked|撤回设置密码的链接|Password link revoked
staff.second_factor_set|启用两步验证|Second factor set
staff.second_factor_removed|停用两步验证|Second factor removed
staff.recovery_codes_made|生成恢复码|Recovery codes made
staff.recovery_code_used|使用恢复码|Recovery code used
sign_in_rules.changed|修改登录规则|Sign-in rules changed
webhook.created|新增事件推送|Webhook made
webhook.edited|修改事件推送|Webhook edited
webhook.paused|暂停事件推送|Webhook paused
webhook.resumed|恢复事件推送|Webhook resumed
webhook.removed|删除事件推送|Webhook removed
webhook.replayed|重新推送|Events sent again
webhook.skipped|跳过推送|Events skipped
webhook.secret_changed|更换推送密钥|Webhook secret changed
sms_gateway.changed|短信网关变更|SMS gateway changed
sms_template.decided|短信模板变更|SMS template changed
sms.refused|短信未放行|Short message refused
sms.settled|短信结果|Short message settled
sms.unsubscribed|退订|Unsubscribed
sms.resubscribed|恢复联系|May be contacted again
wechat.account_changed|微信账号变更|WeChat account changed
role.assigned|授予岗位|Role assigned
role.withdrawn|撤回岗位|Role withdrawn
department.added|新增部门|Department added
department.edited|修改部门|Department edited
department.retired|停用部门|Department retired
department.restored|恢复部门|Department restored
directory.row_added|资料新增|Directory row added
directory.row_edited|资料修改|Directory row edited
directory.row_retired|资料停用|Directory row retired
directory.row_restored|资料恢复|Directory row restored
view.saved|保存视图|View saved
view.shared|共享视图|View shared
view.made_default|设为默认视图|View made the default
view.deleted|删除视图|View deleted
view.restored|恢复视图|View restored
api_token.created|生成接口令牌|API token made
api_token.revoked|吊销接口令牌|API token revoked
backup.made|备份成功|Backup made
backup.failed|备份失败|Backup failed
backup.restored|从备份恢复|Restored from a backup
backup.plan_changed|修改备份安排|Plan of backups changed
journal.exported|导出日志|Journal exported
rank.reported|名次公布|Ranking reported
rank.decided|同分定序|Equals put in order
figures.exported|导出指标|Figures exported
journal.checked|校验日志|Journal verified
journal.reviewed|复核|Reviewed
"""
SUBJECTS = """
case | 工单 | Case
customer | 客户 | Customer
staff | 员工 | Staff
department | 部门 | Department
import | 导入 | Import
export | 导出 | Export
keys | 密钥 | Keys
backup | 备份 | Backup
journal | 日志 | Journal
attachment | 附件 | File
row | 资料 | Directory row
conversation | 会话 | Conversation
mail | 邮件 | Mail
mailbox | 邮箱 | Mailbox
handbook | 制度 | Handbook
notice | 通知 | Notice
webhook | 事件推送 | Webhook
sms | 短信 | Short message
sms_gateway | 短信网关 | SMS gateway
sms_template | 短信模板 | SMS template
do_not_contact | 勿扰号码 | Number not to be contacted
wechat_account | 微信账号 | WeChat account
token | 令牌 | Token
view | 视图 | View
house | 全公司 | The house
"""
FINDINGS = """
link | 这个封印接不上前一个：有封印被删除或改动。 | This seal does not follow the one before it: a seal was removed or changed.
count | 封存的条数和现在的条数不一样：有事实被删除或插入。 | Not as many facts as were sealed: some were removed or slipped in.
missing | 封存过的事实不见了。 | A sealed fact is missing.
changed | 封存过的事实被改动了。 | A sealed fact was changed.
stray | 有事实绕过了日志直接写进表里。 | Facts were slipped in past the journal.
expected | 记下的摘要不在链上：封印被整批重做过。 | The digest noted earlier is not in the chain: seals were made anew.
"""
HIDDEN = ("bench.", "bell.", "door.")
"""Types of measurements and tests."""


def _read(table: str) -> dict[str, Text]:
    rows = (line.split("|") for line in table.strip().splitlines())
    return {name.strip(): Text(zh=zh.strip(), en=en.strip()) for name, zh, en in rows}


_TITLES, _SUBJECTS, _FINDINGS = _read(TITLES), _read(SUBJECTS), _read(FINDINGS)


def title_of(kind: str) -> str:
    """What a type of fact is called in the language in force."""
    return _said(_TITLES, kind)


def subject_of(kind: str) -> str:
    return _said(_SUBJECTS, kind)


def finding_of(kind: str, message: str) -> str:
    """What is wrong with a link of the chain."""
    return _said(_FINDINGS, kind) if kind in _FINDINGS else message


def _said(table: dict[str, Text], name: str) -> str:
    text = table.get(name)
    return text.say(get_language() or "zh") if text else name


def choices() -> list[tuple[str, str]]:
    """(type, title) of everything that can happen, in the order of the titles above; what has none comes last."""
    known = event_types()
    named = [(name, title_of(name)) for name in _TITLES if name in known]
    return named + [(name, name) for name in sorted(known) if name not in _TITLES and not name.startswith(HIDDEN)]
