"""What the absence pages say, in Chinese and English. Every entry holds both; `{names}` are filled in by the page."""

from __future__ import annotations

from collections.abc import Mapping

from bot.web.words import LANGS, Lang, Pair

STATES: Mapping[str, Pair] = {
    "unknown": ("未知", "Unknown"),
    "held": ("已暂停", "On hold"),
    "asked": ("等本人回音", "Waiting for the person"),
    "manager": ("等上级回音", "Waiting for the manager"),
    "hr": ("请 HR 关心", "With HR"),
    "beyond": ("请更多人关心", "Beyond HR"),
    "unanswered": ("问遍仍无回音", "Everybody asked, no word"),
    "alive": ("已有平安信号", "Sign of life"),
    "followed": ("HR 在跟进", "HR is on it"),
    "stopped": ("HR 已停止追问", "Stopped by HR"),
    "time": ("等本人补时间", "Waiting for a time"),
    "approval": ("补卡待审批", "Correction to approve"),
    "reason": ("等驳回理由", "Waiting for a reason"),
    "writing": ("补卡写入中", "Writing the correction"),
    "write_failed": ("补卡没写进去", "Correction not written"),
    "corrected": ("已补卡", "Corrected"),
    "rejected": ("补卡未通过", "Correction declined"),
    "punched": ("已看到打卡", "Punch seen"),
    "leave": ("按请假处理", "On leave"),
    "left": ("已不在通讯录", "No longer in the directory"),
    "closed": ("已结束", "Closed"),
}
"""Where a case stands. `unknown` is a state of its own: we cannot see, so nothing is said about the person."""

HINTS: Mapping[str, Pair] = {
    "unknown": (
        "考勤数据已断，现在看不到有没有打卡。恢复之前不会再问任何人。",
        "The attendance feed is down, so a punch would not be seen. Nobody is asked until it is back.",
    ),
    "held": ("下一步不会自动发出，等 HR 继续。", "The next step does not go out by itself until HR goes on."),
    "asked": ("还没有回音，不代表任何事。", "No answer yet, which says nothing by itself."),
    "unanswered": ("请直接联系本人，先确认平安。", "Please reach the person directly; safety first."),
    "alive": ("所有提醒都已停止。", "All reminders have stopped."),
}

WORDS: Mapping[str, Pair] = {
    "board": ("未到岗", "Absences"),
    "mine": ("我的缺卡", "My missed punches"),
    "board_about": ("谁还没有消息，下一步是什么", "Who has not been heard from, and what comes next"),
    "mine_about": ("每次问过我什么、问过谁", "What I was asked, and who else was"),
    "board_lead": (
        "先确认平安，原因可以慢慢说。查看会留下记录，本人看得到。",
        "Safety first, reasons can wait. Looking is recorded and the person can see it.",
    ),
    "mine_lead": (
        "每次没看到您的打卡时，问了什么、还问了谁、平台怎么答的，都在这里。",
        "Whenever your punch was not seen: what was asked, who else was asked, what the platform said.",
    ),
    "now": ("现在", "Right now"),
    "now_none": ("现在没有人排班。", "Nobody has a shift right now."),
    "in": ("已打卡", "In"),
    "out": ("请假或已下班", "On leave or gone home"),
    "heard": ("有消息", "Heard from"),
    "people": ("{n} 人", "{n} people"),
    "next_is": ("下一步：{what}", "Next: {what}"),
    "due": ("还没到时间", "Not due yet"),
    "missing": ("未见打卡", "Not seen"),
    "unseen": ("未知", "Unknown"),
    "feed_fresh": ("数据 {age}前更新", "Data {age} old"),
    "feed_stale": (
        "数据已停 {age}，没看到打卡的一律记为未知，不算未到岗",
        "No data for {age}: whoever was not seen counts as unknown, never as absent",
    ),
    "feed_never": ("还没有收到过数据，一律记为未知", "No data has ever come: everybody counts as unknown"),
    "feed_plan": ("排班与请假 {age}前更新", "Shifts and leave {age} old"),
    "source_age": ("{name} {age}前", "{name} {age} ago"),
    "source_down": ("{name} {age}前，可能停了", "{name} {age} ago, perhaps down"),
    "feed_from": ("来源：{sources}", "Source: {sources}"),
    "feed_api": ("考勤接口", "attendance API"),
    "seconds": ("{n} 秒", "{n} s"),
    "minutes": ("{n} 分钟", "{n} min"),
    "hours": ("{n} 小时", "{n} h"),
    "days": ("{n} 天", "{n} d"),
    "names": ("还没看到的人", "Not seen yet"),
    "names_more": ("另有 {n} 人", "and {n} more"),
    "cases": ("进行中的个案", "Open cases"),
    "all_sites": ("全部地点", "All sites"),
    "all_states": ("全部状态", "All states"),
    "filter": ("筛选", "Filter"),
    "none": ("没有需要关心的人。", "Nobody needs attention."),
    "none_filtered": ("没有符合条件的个案。", "No case matches."),
    "none_mine": ("您没有缺卡记录。", "You have no missed punches."),
    "older": ("以前的", "Earlier"),
    "cut": ("只显示最近 {n} 个，请用筛选。", "Only the newest {n} are shown; please filter."),
    "updated": ("更新于 {time}，每 30 秒自动更新", "As of {time}, renewed every 30 seconds"),
    "since": ("自 {time}", "since {time}"),
    "shift": ("班次", "Shift"),
    "site": ("地点", "Site"),
    "state": ("状态", "State"),
    "done_so_far": ("已走到", "Last step"),
    "next": ("下一步", "Next"),
    "next_at": ("{time} {who}", "{who} at {time}"),
    "next_none": ("没有自动的下一步", "Nothing happens by itself"),
    "next_blocked": ("数据恢复之前不会发出", "not before the data is back"),
    "owner": ("现在等", "Waiting for"),
    "rung_none": ("还没问过任何人", "Nobody asked yet"),
    "rung_0": ("问候本人", "Ask the person"),
    "rung_1": ("再次问候本人", "Ask the person again"),
    "rung_2": ("问上级", "Ask the manager"),
    "rung_3": ("请 HR 关心", "Ask HR"),
    "rung_4": ("联系紧急联系人（需批准）", "Emergency contact (needs approval)"),
    "rung_5": ("报告 HR 负责人", "Tell the HR head"),
    "to_hr": ("请 HR 一起审批", "HR may decide as well"),
    "timeline": ("经过", "What happened"),
    "timeline_lead": (
        "平台「已接收」不等于看到；没有回音不等于同意。",
        "“Taken by the platform” does not mean seen; no answer does not mean consent.",
    ),
    "timeline_manager": (
        "这里只有您需要知道的：本人的原话和私人原因不在此显示。",
        "Only what you need to know: the person's own words and private reasons are not shown here.",
    ),
    "withheld": ("（涉及个人隐私，未转述）", "(private, not passed on)"),
    "asked_whom": ("问了 {name}", "Asked {name}"),
    "told_whom": ("告知 {name}", "Told {name}"),
    "a_card": ("一张卡片", "a card"),
    "wrote": ("向考勤系统提交补卡", "Correction handed to the attendance system"),
    "d_sent": ("平台已接收 {time}", "taken by the platform {time}"),
    "d_sent_id": ("平台已接收 {time}，消息号 {id}", "taken by the platform {time}, message {id}"),
    "d_queued": ("排队待发", "queued"),
    "d_retry": ("第 {n} 次没成功，{time} 再试", "attempt {n} failed, again at {time}"),
    "d_sending": ("正在发送", "being sent"),
    "d_stopped": ("没有发出：发送前已经不需要了", "not sent: no longer needed when its turn came"),
    "d_failed": ("没能发出", "could not be sent"),
    "d_failed_why": ("没能发出：{error}", "could not be sent: {error}"),
    "d_ambiguous": (
        "平台当时没有应答，按同一编号重发过，本人可能只收到一次",
        "the platform gave no answer, so it was sent again under the same number; the person may have it once",
    ),
    "no_answer": ("还没有回音", "no answer yet"),
    "answered_at": ("{time} 有回音", "answered {time}"),
    "closed_unanswered": ("没有回答，已不需要", "not answered, no longer needed"),
    "updates": (
        "另有 {n} 次卡片更新（已接收 {sent}，不需要 {stopped}，失败 {failed}）",
        "{n} card updates besides (taken {sent}, not needed {stopped}, failed {failed})",
    ),
    "by": ("由 {name}", "by {name}"),
    "ch_wecom": ("企业微信", "WeCom"),
    "ch_dingtalk": ("钉钉", "DingTalk"),
    "ch_sms": ("短信", "SMS"),
    "ch_mail": ("邮件", "E-mail"),
    "ch_voice": ("语音电话", "Voice call"),
    "ch_done": ("{channel}：{what}", "{channel}: {what}"),
    "ch_queued": ("已排队发出", "queued to go out"),
    "ch_no address": ("没有登记，跳过", "no address on file, left out"),
    "ch_not offered by the platform": ("平台不提供，跳过", "not offered by the platform, left out"),
    "ch_budget spent": ("今天的次数已用完，跳过", "its daily limit is used up, left out"),
    "system": ("系统", "the system"),
    "colleague": ("一位同事", "a colleague"),
    "guards": (
        "问之前核对过：数据 {feed_age_seconds} 秒前更新，同地点 {site_present_percent}% 已到"
        "（{site_missing}/{site_expected} 未见）",
        "Checked before asking: data {feed_age_seconds} s old, {site_present_percent}% of the site present "
        "({site_missing} of {site_expected} not seen)",
    ),
    "part_reason": ("理由", "Reason"),
    "part_claimed": ("申请的时间", "Time asked for"),
    "part_hint": ("原因", "Cause"),
    "part_decision": ("决定", "Decision"),
    "part_answer": ("答复", "Answer"),
    "part_kind": ("选择", "Choice"),
    "part_step": ("步骤", "Step"),
    "part_counted": ("计入的日子", "Days counted"),
    "part_skipped": ("没有计入", "Not counted"),
    "part_words": ("原话", "Words"),
    "act": ("由您决定", "Your call"),
    "act_lead": (
        "每个操作都要写明理由，会作为证据保存，本人看得到。",
        "Every step needs a reason. It is kept as evidence and the person can see it.",
    ),
    "hold": ("暂停", "Hold"),
    "hold_hint": ("下一步先不发", "nothing goes out for now"),
    "resume": ("继续", "Go on"),
    "resume_hint": ("暂停的时间不算", "the pause does not count"),
    "advance": ("提前", "Advance"),
    "advance_hint": ("现在就走下一步", "do the next step now"),
    "stop": ("停止", "Stop"),
    "stop_hint": ("不再问任何人", "nobody is asked any more"),
    "why": ("理由（必填）", "Reason (required)"),
    "why_placeholder": ("如：刚和家人通过电话，人平安", "e.g. just spoke to the family, all is well"),
    "do_hold": ("确认暂停", "Hold it"),
    "do_resume": ("确认继续", "Go on"),
    "do_advance": ("确认提前", "Do it now"),
    "do_stop": ("确认停止", "Stop it"),
    "export": ("导出证据包", "Export evidence package"),
    "export_hint": ("导出会留下记录，本人看得到。", "The export is recorded and the person can see it."),
    "record_of": ("{name} 的全部记录", "All records of {name}"),
    "back": ("返回", "Back"),
    "said_held": ("已暂停。下一步不会自动发出。", "On hold. Nothing goes out by itself."),
    "said_resumed": ("已继续。", "Going on."),
    "said_advanced": ("下一步已经走出。", "The next step was taken."),
    "said_stopped": ("已停止，不再问任何人。", "Stopped. Nobody is asked any more."),
    "said_reason": ("没有执行：请写明理由。", "Nothing was done: please give a reason."),
    "said_late": (
        "没有执行：{name} 在 {time} 先选择了「{what}」。",
        "Nothing was done: {name} was first and chose “{what}” at {time}.",
    ),
    "said_moved": ("没有执行：情况刚刚变了，请看最新状态。", "Nothing was done: things have just changed, see below."),
    "said_blind": (
        "没有执行：考勤数据已断，看不到有没有打卡，恢复之前不问任何人。",
        "Nothing was done: the attendance feed is down, so a punch would not be seen. Nobody is asked meanwhile.",
    ),
    "said_quiet": (
        "已记下。对方正在免打扰时段，时段一结束就发出。",
        "Noted. They have quiet hours now; it goes out as soon as these end.",
    ),
    "said_nothing": ("没有执行：已经没有下一步。", "Nothing was done: there is no next step."),
    "said_punched": ("不用了：刚看到打卡，此事已结束。", "No need: a punch has just been seen and the case is closed."),
    "said_leave": ("不用了：已看到请假，此事已结束。", "No need: a leave was seen and the case is closed."),
    "status_none": ("没有需要关心的人", "nobody needs attention"),
    "status_open": ("{n} 人还没有消息", "{n} not heard from"),
    "status_mine": ("{n} 件还在处理", "{n} in progress"),
    "status_mine_none": ("没有进行中的", "none in progress"),
    "more": ("全部", "All"),
}


def say(lang: Lang, key: str, **values: object) -> str:
    """The sentence in `lang`. KeyError for a key that does not exist: a page must not show a blank."""
    said = WORDS[key][LANGS.index(lang)]
    return said.format(**values) if values else said


def state(lang: Lang, key: str) -> str:
    """The name of a state; KeyError for an unknown one."""
    return STATES[key][LANGS.index(lang)]


def hint(lang: Lang, key: str) -> str:
    """One sentence about a state, or nothing."""
    return HINTS[key][LANGS.index(lang)] if key in HINTS else ""
