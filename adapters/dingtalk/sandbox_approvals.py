"""DingTalk stand-in: native approvals (docs: processInstances, bpms_instance_change, bpms_task_change)."""

from __future__ import annotations

import json

from adapters.dingtalk.sandbox_desk import Desk, Fail
from adapters.sandbox.state import Json, Leave, Person

CODE = "PROC-SANDBOX-LEAVE"
TYPES = {"filed": "start", "approved": "finish", "rejected": "finish", "withdrawn": "terminate"}
RESULTS = {"approved": "agree", "rejected": "refuse"}


class Approvals:
    """Every leave of the world is an instance; pending means running."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.new("GET", "/v1.0/workflow/processInstances", self.instance)

    def instance(self, query: Json) -> Json:
        """The detail of one instance."""
        for person in self.desk.people():
            for leave in person.leaves:
                if leave.id == str(query.get("processInstanceId", "")):
                    return {"result": self._detail(person, leave)}
        raise Fail("processInstance.notFound", "审批实例不存在")

    def _detail(self, person: Person, leave: Leave) -> Json:
        zone = self.desk.world.zone
        ends = [f"{each.astimezone(zone):%Y-%m-%d %H:%M}" for each in (leave.start, leave.end)]
        status = "TERMINATED" if leave.ended == "withdrawn" else "RUNNING"
        if not leave.pending or leave.ended == "rejected":
            status = "COMPLETED"
        result = {"result": "refuse" if leave.ended else "agree"} if status == "COMPLETED" else {}
        row = {
            "id": "leave",
            "name": "请假",
            "componentType": "DDHolidayField",
            "value": json.dumps([*ends, 1, "hour"]),
        }
        return {
            "title": _title(person, leave),
            "businessId": leave.id,
            "status": status,
            **result,
            "originatorUserId": person.id,
            "originatorDeptId": "1",
            "createTime": f"{leave.start:%Y-%m-%dT%H:%MZ}",
            "tasks": [],
            "operationRecords": [],
            "formComponentValues": [row],
        }


def instance(person: Person, leave: Leave, change: str) -> Json:
    """bpms_instance_change; no times, no reason."""
    result = {"result": RESULTS[change]} if change in RESULTS else {}
    return {**_common(person, leave), "type": TYPES[change], "staffId": person.id, **result}


def task(person: Person, leave: Leave, change: str) -> Json:
    """bpms_task_change of the decision, by the manager."""
    return {
        **_common(person, leave),
        "type": "finish",
        "staffId": person.manager,
        "taskId": 1,
        "result": RESULTS[change],
    }


def _common(person: Person, leave: Leave) -> Json:
    category = {"bizCategoryId": "attendance.supply"} if "补卡" in leave.kind else {}
    return {"processInstanceId": leave.id, "processCode": CODE, "title": _title(person, leave), **category}


def _title(person: Person, leave: Leave) -> str:
    return f"{person.name}提交的{leave.kind}"
