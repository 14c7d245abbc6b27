"""What a person's own words mean here. Pure; Chinese and English; in doubt `unclear`, never a guess against them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

Kind = Literal["forgot", "on_my_way", "leave", "field", "device", "help", "medical", "safe", "unclear"]


@dataclass(frozen=True, slots=True)
class Understood:
    """`time` is local wall-clock, None when no time was said."""

    kind: Kind
    time: time | None = None


_I = re.IGNORECASE
_MEDICAL = re.compile(
    r"医院|医生|急诊|发烧|发热|高烧|低烧|生病|病了|看病|病假|不舒服|住院|手术|头晕|头疼|头痛|肚子|胃[疼痛]|牙[疼痛]|拉肚|感冒|流感|"
    r"挂号|挂急|输液|打点滴|吊水|晕倒|骨折|受伤|体检|产检|怀孕|流产|抑郁|焦虑症|癌|确诊|阳性|阳了|过敏|诊所|门诊|吃药|拿药|化疗|呕吐|"
    r"\b(hospital|doctor|clinic|sick|ill|unwell|fever|flu|surgery|medical|pregnan\w*|migraine|headache|injur\w*|dentist|"
    r"emergency room|er|food poisoning|covid|vomit\w*)\b",
    _I,
)
_HELP = re.compile(
    r"救命|救我|帮帮我|帮我一下|需要帮助|需要帮忙|求助|出事|车祸|事故|被困|报警|派出所|拘留|遇到困难|有危险|撞车|追尾|"
    r"\b(help|sos|accident|trapped|in trouble|robbed|stuck in (the|an) (lift|elevator)|police)\b",
    _I,
)
_DEVICE = re.compile(
    r"(打卡机|考勤机|设备|手机|定位|网络|指纹|人脸|wifi|蓝牙|app|软件|系统|打卡).{0,8}"
    r"(坏|故障|失败|不了|打不上|打不开|没反应|没电|不好使|异常|报错|卡住|识别不|连不上|不行|有问题|不准|失灵|死机|没信号)|"
    r"(坏|打不上|刷不上|打不了|刷不了|识别不)了?.{0,4}(卡|机|脸|指纹)|(打|刷)不(上|了)|"
    r"\b(machine|device|scanner|reader|phone|app|gps|location|fingerprint|network|wifi|clock).{0,20}"
    r"\b(broken|down|dead|fail\w*|error|crash\w*|not work\w*|stuck|won'?t|isn'?t working|doesn'?t work|out of order)\b|"
    r"\bcan('?t|not) (clock|punch|check)[ -]?in\b",
    _I,
)
_FORGOT = re.compile(
    r"忘|漏打|没打上?卡|未打卡|补卡|没刷卡|漏刷|已经?(到|在)(公司|单位|办公室|店里?|工位)|(早就?|就)到了|人在公司|在工位|在公司|在办公室|在店里|"
    r"\b(forg[eo]t\w*|missed (the )?punch|didn'?t (clock|punch|check)|(at|in) (the |my )?(office|desk|work)|"
    r"i'?m here|already here|arrived at)\b",
    _I,
)
_ON_WAY = re.compile(
    r"路上|堵车|堵着|堵死|马上(就)?到|快到|就到(?!了)|在赶|赶过|地铁|公交|晚点到|晚到|要迟到|会迟到|迟到|睡过|起晚|分钟(后|就|内|左右)?(能|可以)?到|停车|打车|"
    r"电梯|一会儿?到|稍后到|送孩子|"
    r"\b(on my way|omw|running late|traffic|be there|be late|i'?m late|late|coming|overslept|"
    r"subway|metro|train|bus|almost there)\b",
    _I,
)
_LEAVE = re.compile(
    r"请假|请了假|年假|事假|调休|休假|休息|婚假|产假|丧假|陪产|有事.{0,4}(来不了|不去)|今天不(来|去)|不上班|来不了|家里有事|轮休|"
    r"\b(leave|day off|time off|pto|vacation|holiday|annual|off today|not coming)\b",
    _I,
)
_FIELD = re.compile(
    r"外勤|出差|客户|外出|拜访|工地|现场|跑业务|出外|展会|在外面(办|开|谈)|机场|高铁站|去(了)?(分公司|工厂|银行|税务|政务)|送货|"
    r"\b(client|customer|on[- ]?site|business trip|field( work)?|travel\w*|visiting|airport|out of office|expo)\b",
    _I,
)
_SAFE = re.compile(
    r"^(1|１|一|ok|okay|好的?|嗯+|在|在的|在呢|在啊|收到|没事|我没事|平安|安好|一切都?好|都好|挺好的?|还好|看到了?|知道了?|"
    r"yes|yep|fine|i'?m (fine|ok|okay|good|safe)|safe|here|all good|hi|hello|"
    r"你好|您好|早|早上好|👌|👍|\[ok\])[!！。.~～,， 了的呀啊哈]*$",
    _I,
)
_NEGATED = re.compile(
    r"(没有?|不是|并?未|不用|不需要|无需|别)(忘记?|请假|请过假|在路上|外勤|出差|生病|病|受伤|出事|帮助|帮忙|求助|不舒服|报警)|"
    r"\b(not|no|don'?t need|didn'?t|isn'?t|wasn'?t) (sick|ill|on leave|help|forget|in trouble|travel\w*|on my way)\b",
    _I,
)
_PATTERNS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (_HELP, "help"),
    (_MEDICAL, "medical"),
    (_DEVICE, "device"),
    (_FIELD, "field"),
    (_LEAVE, "leave"),
    (_ON_WAY, "on_my_way"),
    (_FORGOT, "forgot"),
)

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_NUMBER = r"(?:\d{1,2}|[零〇一二两三四五六七八九十]{1,3})"
_CLOCK = re.compile(
    rf"(?P<part>凌晨|清晨|早晨|早上|早|上午|中午|下午|傍晚|晚上|晚)?\s*(?P<hour>{_NUMBER})\s*"
    rf"(?:[:：]\s*(?P<colon>\d{{2}})(?!\d)|[点點时](?:钟|整)?\s*(?P<word>半|一刻|三刻|{_NUMBER}(?!分钟[后内就])|差)?分?)"
    r"\s*(?P<half>[ap]\.?m\b\.?)?",
    _I,
)
_NOT_A_TIME = re.compile(r"一点(?=[都也儿点小])|(?<=[有早晚快慢差])一点")
_BARE = re.compile(r"(?<![\d:.：])(?P<hour>1[0-2]|0?[1-9])\s*(?P<half>[ap]\.?m\b\.?)", _I)
_FOUR = re.compile(r"^\D{0,6}(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)\D{0,6}$")
_DOT = re.compile(r"^\D{0,4}(?P<hour>\d{1,2})\.(?P<minute>[0-5]\d)\D{0,4}$")


def private(text: str) -> bool:
    """True when the words touch health or an emergency: a manager is never shown them."""
    return bool(_MEDICAL.search(text) or _HELP.search(text))


def understand(text: str, now_local: datetime) -> Understood:
    """`text` as typed, `now_local` the person's wall clock (it tells a past time from a plan)."""
    words = text.strip()
    plain = _NEGATED.sub("", words)
    said = clock_time(words, now_local)
    kind: Kind = next((kind for pattern, kind in _PATTERNS if pattern.search(plain)), "unclear")
    if _SAFE.match(words) or (kind == "unclear" and plain != words and not said):
        return Understood("safe")
    if kind == "forgot" and not _is_past(said, now_local) and said and "忘" not in plain:
        return Understood("on_my_way", said)
    if kind == "unclear" and said:
        return Understood("forgot" if _is_past(said, now_local) else "on_my_way", said)
    return Understood(kind, said)


def clock_time(text: str, now_local: datetime) -> time | None:
    """The first wall-clock time in `text`: `9点05`, `九点半`, `8:55am`, `下午两点一刻`, `0905`; None without one."""
    text = _NOT_A_TIME.sub("", text)
    if match := _CLOCK.search(text):
        hour = _number(match["hour"])
        minute = int(match["colon"]) if match["colon"] else _minute(match["word"])
        return _time(hour, minute, (match["part"] or "") + (match["half"] or "").lower(), now_local)
    if match := _BARE.search(text):
        return _time(int(match["hour"]), 0, match["half"].lower(), now_local)
    if match := _FOUR.match(text) or _DOT.match(text):
        return _time(int(match["hour"]), int(match["minute"]), "", now_local)
    return None


def _is_past(said: time | None, now_local: datetime) -> bool:
    return said is not None and said <= (now_local + timedelta(minutes=2)).time()


def _time(hour: int, minute: int, part: str, now_local: datetime) -> time | None:
    later = (
        part.startswith(("下午", "傍晚", "晚"))
        or part[-3:].startswith("p")
        or part[-2:] == "pm"
        or part.endswith("p.m.")
    )
    if part.endswith(("am", "a.m.", "a.m")) and hour == 12:
        hour = 0
    if (later and hour < 12) or (part == "中午" and hour < 3):
        hour += 12
    if not part and 1 <= hour <= 6 and now_local.hour >= 12:
        # Nobody who writes "2点到的" in the afternoon means the night.
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _minute(word: str | None) -> int:
    return (
        {None: 0, "半": 30, "一刻": 15, "三刻": 45, "差": 0}.get(word, -1)
        if word in (None, "半", "一刻", "三刻", "差")
        else _number(word or "")
    )


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.partition("十")
    if ten:
        return (_DIGITS.get(tens, 1) if tens else 1) * 10 + (_DIGITS.get(ones[-1:], 0) if ones else 0)
    value = 0
    for char in text:
        value = value * 10 + _DIGITS[char]
    return value
