"""Settings of the channels beside the chat: SMS, e-mail, voice calls. Empty means: that channel is not there."""

from __future__ import annotations

from config.setting import Setting

CHANNEL_SETTINGS: tuple[Setting, ...] = (
    Setting(
        "HUIZHI_SMS_URL",
        "sms_url",
        "SMS gateway that takes a JSON body by POST. Empty: no SMS is sent, and the record says so.",
        "https://sms.example.cn/v1/send",
        "an http:// or https:// address; https:// in production",
    ),
    Setting(
        "HUIZHI_SMS_TOKEN",
        "sms_token",
        "Sent to the gateway as `Authorization: Bearer …`.",
        "given by the gateway",
        "any text",
        secret=True,
    ),
    Setting(
        "HUIZHI_SMS_TEMPLATE",
        "sms_template",
        "The gateway's JSON body; `{to}`, `{text}` and `{key}` (the same for a repeated message) are filled in.",
        '{"phone":"{to}","params":{"content":"{text}"},"out_id":"{key}"}',
        "a JSON object with {to} and {text} in its values",
        '{"to":"{to}","text":"{text}","id":"{key}"}',
    ),
    Setting(
        "HUIZHI_SMS_REPORT_TOKEN",
        "sms_report_token",
        "What the gateway must send as `Authorization: Bearer …` with delivery reports to /channels/sms/report."
        " Empty: reports are refused.",
        "the output of: openssl rand -hex 16",
        "any text",
        secret=True,
    ),
    Setting(
        "HUIZHI_SMTP_URL",
        "smtp_url",
        "Mail server; `smtp+starttls` asks for encryption first. Empty: no e-mail is sent, and the record says so.",
        "smtp+starttls://user:password@smtp.example.cn:587",
        "smtp://… | smtp+starttls://… | smtps://…",
        secret=True,
    ),
    Setting(
        "HUIZHI_SMTP_FROM",
        "smtp_from",
        "Sender of e-mails.",
        "hr@example.cn",
        "an e-mail address; needed with HUIZHI_SMTP_URL",
    ),
    Setting(
        "HUIZHI_VOICE",
        "voice",
        "Platforms whose voice calls may be used when nothing else was answered (WeCom: the 紧急通知 permission).",
        "wecom",
        "wecom | empty",
    ),
)
