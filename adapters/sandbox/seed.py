"""The invented firm a fresh sandbox starts with."""

from __future__ import annotations

from typing import Any

DEFAULT_SHIFT: dict[str, Any] = {"start": "09:00", "end": "18:00", "days": [1, 2, 3, 4, 5]}
SEED: tuple[dict[str, Any], ...] = (
    {"id": "zhangsan", "name": "张三", "platform": "wecom", "manager": "li", "role": "工程师", "department": "研发部"},
    {"id": "li", "name": "李主管", "platform": "wecom", "manager": "chen", "role": "研发主管", "department": "研发部"},
    {"id": "wang", "name": "王HR", "platform": "wecom", "manager": "chen", "role": "HR", "department": "人力资源部"},
    {"id": "chen", "name": "陈总监", "platform": "wecom", "role": "总监", "department": "总经办"},
    # Speaks for the staff; nobody's subordinate, and without working hours nothing is ever asked of her.
    {
        "id": "gong",
        "name": "龚工会",
        "platform": "wecom",
        "role": "工会代表",
        "department": "工会",
        "shift": {"days": []},
    },
    {"id": "zhou", "name": "周小云", "platform": "dingtalk", "manager": "sun", "role": "店员", "department": "门店"},
    {"id": "sun", "name": "孙店长", "platform": "dingtalk", "role": "店长", "department": "门店"},
    {"id": "wu", "name": "吴HR", "platform": "dingtalk", "manager": "sun", "role": "HR", "department": "人力资源部"},
)
CONTACTS = {row["id"]: (f"139000000{n:02d}", f"{row['id']}@example.cn") for n, row in enumerate(SEED, 1)}
"""Each one's own number and mail address, outside the work account; invented like everything here."""
