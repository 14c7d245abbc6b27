"""What people really type, and what it means at 09:20 on a working morning."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from handlers.missed_punch.understanding import Understood, clock_time, private, understand

MORNING = datetime(2026, 6, 11, 9, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
AFTERNOON = MORNING.replace(hour=14, minute=30)

CORPUS: list[tuple[str, str, time | None]] = [
    ("忘打卡了", "forgot", None),
    ("忘了", "forgot", None),
    ("不好意思忘记打卡，我8点55就到了", "forgot", time(8, 55)),
    ("忘打卡 9:02", "forgot", time(9, 2)),
    ("9点05", "forgot", time(9, 5)),
    ("9:02", "forgot", time(9, 2)),
    ("9：02", "forgot", time(9, 2)),
    ("九点零五", "forgot", time(9, 5)),
    ("九点五分到的", "forgot", time(9, 5)),
    ("九点", "forgot", time(9, 0)),
    ("九点一刻", "forgot", time(9, 15)),
    ("八点五十五", "forgot", time(8, 55)),
    ("八点半就到了", "forgot", time(8, 30)),
    ("早上8点50", "forgot", time(8, 50)),
    ("8:55am", "forgot", time(8, 55)),
    ("0905", "forgot", time(9, 5)),
    ("9.05", "forgot", time(9, 5)),
    ("I forgot to punch, got in at 8:55 am", "forgot", time(8, 55)),
    ("forgot", "forgot", None),
    ("I'm at my desk", "forgot", None),
    ("已经到公司了", "forgot", None),
    ("我早就到了", "forgot", None),
    ("漏打卡", "forgot", None),
    ("在路上", "on_my_way", None),
    ("堵车，马上到", "on_my_way", None),
    ("地铁故障晚点到", "on_my_way", None),
    ("还有10分钟到", "on_my_way", time(9, 30)),
    ("我九点半能到", "on_my_way", time(9, 30)),
    ("在路上，大概 9:40 到", "on_my_way", time(9, 40)),
    ("睡过了，这就来", "on_my_way", None),
    ("on my way", "on_my_way", None),
    ("running late, there by 9:45", "on_my_way", time(9, 45)),
    ("stuck in traffic", "on_my_way", None),
    ("今天请假", "leave", None),
    ("请年假", "leave", None),
    ("昨天和李经理说过调休", "leave", None),
    ("家里有事，今天不来了", "leave", None),
    ("I'm on leave today", "leave", None),
    ("day off", "leave", None),
    ("外勤", "field", None),
    ("在客户这边", "field", None),
    ("出差广州", "field", None),
    ("直接去工地了", "field", None),
    ("visiting a client", "field", None),
    ("打卡机坏了", "device", None),
    ("打不了卡", "device", None),
    ("手机没电了", "device", None),
    ("定位一直不准", "device", None),
    ("人脸识别不了", "device", None),
    ("没忘，打卡机坏了", "device", None),
    ("the machine is not working", "device", None),
    ("can't clock in", "device", None),
    ("需要帮助", "help", None),
    ("救命", "help", None),
    ("路上出车祸了", "help", None),
    ("被困电梯里了", "help", None),
    ("help me please", "help", None),
    ("在医院，急诊", "medical", None),
    ("发烧了，今天请假", "medical", None),
    ("肚子疼在路上找厕所", "medical", None),
    ("I'm sick", "medical", None),
    ("at the hospital", "medical", None),
    ("陪孩子看病", "medical", None),
    ("1", "safe", None),
    ("在的", "safe", None),
    ("没事", "safe", None),
    ("收到！", "safe", None),
    ("ok", "safe", None),
    ("I'm fine", "safe", None),
    ("不用帮忙", "safe", None),
    ("嗯那个怎么说", "unclear", None),
    ("这个月工资什么时候发", "unclear", None),
    ("?", "unclear", None),
    ("", "unclear", None),
]


@pytest.mark.parametrize(("text", "kind", "at"), CORPUS)
def test_corpus(text: str, kind: str, at: time | None) -> None:
    assert understand(text, MORNING) == Understood(kind, at)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("下午两点一刻", time(14, 15)),
        ("2点到的", time(14, 0)),
        ("两点二十", time(14, 20)),
        ("1:05 pm", time(13, 5)),
        ("1pm", time(13, 0)),
        ("12点半", time(12, 30)),
        ("12:10am", time(0, 10)),
        ("中午一点", time(13, 0)),
        ("晚上十一点五十", time(23, 50)),
        ("25:00", None),
        ("9:75", None),
        ("没有时间", None),
        ("一点都不清楚", None),
        ("有点堵", None),
    ],
)
def test_times_in_the_afternoon(text: str, at: time | None) -> None:
    assert clock_time(text, AFTERNOON) == at


@given(st.text(max_size=60))
def test_any_text_is_answered(text: str) -> None:
    assert understand(text, MORNING).kind


@given(st.integers(7, 23), st.integers(0, 59))
def test_every_written_time_is_read_back(hour: int, minute: int) -> None:
    for text in (f"{hour}:{minute:02d}", f"{hour}点{minute:02d}", f"{hour:02d}{minute:02d}"):
        assert clock_time(text, MORNING) == time(hour, minute)


@pytest.mark.parametrize("text", ["在医院", "忘打卡，早上去拿药", "Sick today", "出车祸了"])
def test_private_words_are_recognised(text: str) -> None:
    assert private(text)


@pytest.mark.parametrize("text", ["忘打卡了，9:02 到", "still here", "her train was late"])
def test_ordinary_words_are_not_private(text: str) -> None:
    assert not private(text)
