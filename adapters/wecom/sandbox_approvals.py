"""WeCom stand-in: leave slips of the built-in approval app (docs: oa/getapprovalinfo, oa/getapprovaldetail)."""

from __future__ import annotations

from datetime import timedelta
from xml.sax.saxutils import escape

from adapters.sandbox.state import Json, Leave, Person
from adapters.wecom.sandbox_desk import Desk, Fail


class Approvals:
    """Every leave of the world is a slip; pending means in progress."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.route("POST", "oa/getapprovalinfo", self.approvals)
        desk.route("POST", "oa/getapprovaldetail", self.approval)

    def _span(self, body: Json) -> None:
        start, end = self.desk.moment(body["starttime"]), self.desk.moment(body["endtime"])
        if not timedelta(0) <= end - start <= timedelta(days=31):
            raise Fail(301026, "time span is over 31 days or negative")

    def approvals(self, body: Json) -> Json:
        """Leave slips that were filed inside the span; time stamps are strings here."""
        if not isinstance(body.get("starttime"), str) or not isinstance(body.get("endtime"), str):
            raise Fail(301025, "starttime and endtime are strings")
        self._span(body)
        wanted = {each["key"]: each["value"] for each in body.get("filters", [])}
        rows = []
        for person in self.desk.people() if wanted.get("record_type", "1") == "1" else []:
            for leave in person.leaves:
                if (
                    wanted.get("sp_status", _status(leave)) == _status(leave)
                    and wanted.get("creator", person.id) == person.id
                ):
                    rows.append(leave.id)
        start, size = int(body.get("new_cursor") or 0), min(int(body.get("size", 100)), 100)
        return {
            "sp_no_list": rows[start : start + size],
            "new_next_cursor": str(start + size) if len(rows) > start + size else "",
        }

    def approval(self, body: Json) -> Json:
        for person in self.desk.people():
            for leave in person.leaves:
                if leave.id == str(body.get("sp_no", "")):
                    return {"info": _detail(person, leave)}
        raise Fail(301025, "sp_no does not exist")


def _status(leave: Leave) -> str:
    return {"rejected": "3", "withdrawn": "4"}.get(leave.ended, "1" if leave.pending else "2")


def pushed(person: Person, leave: Leave, change: str) -> str:
    """ApprovalInfo of sys_approval_change (docs: 审批状态通知事件): no times, no reason."""
    event = {"filed": "1", "approved": "2", "rejected": "3", "withdrawn": "6"}[change]
    boss = f"<Approver><UserId>{escape(person.manager)}</UserId></Approver>"
    return (
        f"<ApprovalInfo><SpNo>{leave.id}</SpNo><SpNoStr>{leave.id}</SpNoStr><SpName>{escape(leave.kind)}</SpName>"
        f"<SpStatus>{_status(leave)}</SpStatus><TemplateId>sandbox-leave</TemplateId>"
        f"<Applyer><UserId>{escape(person.id)}</UserId><Party>1</Party></Applyer>"
        f"<SpRecord><SpStatus>{_status(leave)}</SpStatus><ApproverAttr>1</ApproverAttr><Details>{boss}"
        f"<SpStatus>{_status(leave)}</SpStatus></Details></SpRecord>"
        f"<StatuChangeEvent>{event}</StatuChangeEvent></ApprovalInfo>"
    )


def _detail(person: Person, leave: Leave) -> Json:
    start, end = int(leave.start.timestamp()), int(leave.end.timestamp())
    value = {
        "vacation": {
            "selector": {
                "type": "single",
                "options": [{"key": "1", "value": [{"text": leave.kind, "lang": "zh_CN"}]}],
                "exp_type": 0,
            },
            "attendance": {
                "date_range": {"type": "hour", "new_begin": start, "new_end": end, "new_duration": end - start},
                "type": 1,
            },
        }
    }
    control = {
        "control": "Vacation",
        "id": "vacation-1",
        "title": [{"text": "请假类型", "lang": "zh_CN"}],
        "value": value,
    }
    return {
        "sp_no": leave.id,
        "sp_name": leave.kind if "补卡" in leave.kind else "请假",
        "sp_status": int(_status(leave)),
        "template_id": "sandbox-leave",
        "apply_time": start - 86400,
        "applyer": {"userid": person.id, "partyid": "1"},
        "sp_record": [],
        "notifyer": [],
        "apply_data": {"contents": [control]},
        "comments": [],
    }
