"""Every card with invented people, for the pictures that are reviewed; no flow uses them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.card import Card
from handlers.missed_punch import cards
from handlers.missed_punch.cards import findings, manager


def samples() -> Mapping[str, Card]:
    """Every card with invented people, in the language being spoken."""
    return {
        "calendar_missing": findings.calendar_missing(2027),
        "findings": findings.listing([findings.Line("overlap", "wecom", "张三", "09:00–18:00, 12:00–20:00")]),
        "checkin": cards.checkin("r1", "早上好", "09:00–18:00"),
        "checkin_again": cards.checkin_again("r1", "09:00–18:00"),
        "unclear": cards.unclear("r1", "嗯那个"),
        "safe": cards.safe("r1"),
        "ask_time": cards.ask_time("r1", "09:00"),
        "time_again": cards.time_again("r1", "09:00", "18:30", early=True),
        **{f"noted_{kind}": cards.noted(kind, "r1") for kind in cards.NEXT},
        "noted_words": cards.noted("on_my_way", "r1", "堵在高架上了，大概9点40到", "09:40"),
        "noted_closed": cards.noted_closed("on_my_way"),
        **{f"noted_closed_{kind}": cards.noted_closed(kind) for kind in cards.LABELS},
        "requested": cards.requested("09:02", "李", "忘打卡了，9:02 到的", "r1"),
        "requested_waiting": cards.requested("09:02", "李"),
        "no_approver": cards.no_approver("09:02"),
        "writing": cards.writing("李", "09:02"),
        "corrected": cards.corrected("李", "09:02"),
        "write_failed": cards.write_failed("李"),
        "rejected": cards.rejected("李", "门禁记录显示 9:40 到岗"),
        "reason_pending": cards.reason_pending(),
        "reopened": cards.reopened(),
        "over": cards.over(cards.punch_seen("09:20")),
        "over_leave": cards.over(cards.leave_seen(pending=False)),
        "over_leave_pending": cards.over(cards.leave_seen(pending=True)),
        "over_gone": cards.over(cards.gone()),
        "already": cards.already("writing", "", "李"),
        **{f"already_{state}": cards.already(state, "", "") for state in cards.STANDS},
        **{f"already_{outcome}": cards.already("closed", outcome, "李") for outcome in cards.OUTCOMES},
        "apology": cards.apology("张三", "09:17"),
        **_others(),
    }


def _others() -> Mapping[str, Card]:
    """Every card with invented people, in the language being spoken."""
    return {
        "manager_known": manager.known("r2", "张三", "09:00–18:00", asked=True),
        "manager_known_downtime": manager.known("r2", "张三", "09:00–18:00", asked=False),
        "manager_known_noted": manager.known_noted("r2", "张三", "known_field"),
        "manager_known_noted_unclear": manager.known_noted("r2", "张三", "known_unclear"),
        "manager_known_closed": manager.known_closed("张三", "李", "known_unclear"),
        "manager_retracted": manager.retracted("张三", manager.life_sign("09:51")),
        "hr": manager.hr(
            "r3",
            "张三",
            "09:00–18:00",
            ("09:16 问过本人", "09:46 再次问候本人", "10:15 问过 李", "10:21 李 答：不清楚"),
            asked=True,
        ),
        "hr_with_page": replace(
            manager.hr("r3", "张三", "09:00–18:00", ("09:16 问过本人",), asked=True),
            link="https://hr.example.com/absences/mp-1",
        ),
        "hr_downtime": manager.hr("r3", "张三", "09:00–18:00", (), asked=False),
        **{f"hr_done_{number}": manager.hr_done("张三", "王", what) for number, what in enumerate(manager.DONE)},
        "help_wanted": manager.help_wanted("r3", "张三", "09:18", "车坏在高速上了"),
        "reason": manager.reason("r5", "张三"),
        "reason_wanted": manager.reason_wanted("张三", "李"),
        "decided": manager.decided("张三", "09:02", "written", "李"),
        **{
            f"decided_{key}": manager.decided("张三", "09:02", key, "李", "门禁显示 9:40 到")
            for key in manager.OUTCOMES
        },
        "hr_write_failed": manager.write_failed("r6", "张三", "09:02", "没有补卡权限"),
        "whereabouts": manager.whereabouts("张三", "病假（待补）"),
        "whereabouts_eta": manager.whereabouts("张三", "在路上", "09:40"),
        "device": manager.device("张三", "一号店"),
        "device_nowhere": manager.device("张三", ""),
        "storm": manager.storm("r7", "一号店", 14, 15),
        "storm_anywhere": manager.storm("r7", "", 14, 15),
        "storm_done": manager.storm_done("李", asks=False),
        "storm_done_asks": manager.storm_done("李", asks=True),
        "withdrawn": manager.withdrawn("张三", "09:02"),
        "undone": manager.undone("张三"),
        "settled": manager.settled(),
        "feed": manager.feed("wecom", "09:02"),
        "feed_never": manager.feed("wecom", ""),
        "no_calendar": manager.no_calendar(2031),
    }
