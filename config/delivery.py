"""Settings of delivery: how fast, how near to the vendors' ceilings, and when an alarm is due.

Ceilings as documented: WeCom frequency limits (page 90454: 30 a minute and 1,000 an hour per member, the excess is
dropped without an error; message/send has no documented call rate, 10,000 a minute is the base API's), DingTalk
(how-to-process-api-throttling: 20 calls a second per app and API in the standard edition; faq-robot: 500 a day per
person, the excess is dropped without an error; 5,000 people a minute for work notices).
"""

from __future__ import annotations

from config.setting import DINGTALK, WECOM, Setting

_NUMBER = "a whole number above 0"

DELIVERY_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUIZHI_SENDERS",
        "senders",
        "Calls a worker has under way at the same time. Platform's latency times its calls a second is what is needed.",
        "16",
        "1 to 64",
        "16",
    ),
    Setting(
        "HUIZHI_PACE_MARGIN",
        "pace_margin",
        "How much of a vendor's ceiling is used, in percent. All workers together keep to it.",
        "95",
        "50 to 100",
        "95",
    ),
    Setting(
        "HUIZHI_CUSTODY_WARNING",
        "custody_warning",
        "Hours before a platform forgets who received and read something: a collection that fails then alarms HR.",
        "2",
        "1 to 20",
        "2",
    ),
    Setting(
        "WECOM_CALLS_PER_MINUTE",
        "wecom_calls_per_minute",
        "WeCom's ceiling for calls of one app.",
        "10000",
        _NUMBER,
        "10000",
        group=WECOM,
    ),
    Setting(
        "WECOM_MEMBER_PER_MINUTE",
        "wecom_member_per_minute",
        "Messages one member gets in a minute; WeCom drops more without an error, so they wait here.",
        "30",
        _NUMBER,
        "30",
        group=WECOM,
    ),
    Setting(
        "WECOM_MEMBER_PER_HOUR",
        "wecom_member_per_hour",
        "Messages one member gets in an hour; WeCom drops more without an error, so they wait here.",
        "1000",
        _NUMBER,
        "1000",
        group=WECOM,
    ),
    Setting(
        "DINGTALK_CALLS_PER_SECOND",
        "dingtalk_calls_per_second",
        "DingTalk's ceiling for calls of one app; higher editions have more.",
        "20",
        _NUMBER,
        "20",
        group=DINGTALK,
    ),
    Setting(
        "DINGTALK_MEMBER_PER_DAY",
        "dingtalk_member_per_day",
        "Messages one person gets in 24 hours; DingTalk drops more without an error, so they wait here.",
        "500",
        _NUMBER,
        "500",
        group=DINGTALK,
    ),
)
