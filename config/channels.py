"""Settings of the channels beside the chat: SMS, e-mail, voice calls. Empty means: that channel is not there."""

from __future__ import annotations

from config.setting import SECRET_KEY_LENGTH, Setting

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
        "HUIZHI_IMAP_URL",
        "imap_url",
        "Mailbox of HUIZHI_SMTP_FROM, from which bounces and delivery reports are read (other mail is not touched)."
        " Empty: none are read.",
        "imaps://user:password@imap.example.cn/INBOX",
        "imap://… | imap+starttls://… | imaps://…",
        secret=True,
    ),
    Setting(
        "HUIZHI_MAIL_REPORT_SECRET",
        "mail_report_secret",
        "Signs bounces that a mail service posts to /channels/mail/report: x-huizhi-signature is the hex HMAC-SHA256 of"
        " x-huizhi-timestamp (Unix seconds), a dot and the body. Empty: reports are refused.",
        "the output of: openssl rand -hex 16",
        f"at least {SECRET_KEY_LENGTH} characters, or empty",
        secret=True,
    ),
    Setting(
        "HUIZHI_COURIER_URL",
        "courier_url",
        "快递100's query address. Empty: tracks are not asked for, somebody types in what the courier says.",
        "https://poll.kuaidi100.com/poll/query.do",
        "an http:// or https:// address; https:// in production",
    ),
    Setting(
        "HUIZHI_COURIER_CUSTOMER",
        "courier_customer",
        "The customer number given by 快递100.",
        "32 letters and digits",
        "any text; needed with HUIZHI_COURIER_URL",
    ),
    Setting(
        "HUIZHI_COURIER_KEY",
        "courier_key",
        "The key given by 快递100; signs every question.",
        "given by 快递100",
        "any text; needed with HUIZHI_COURIER_URL",
        secret=True,
    ),
    Setting(
        "HUIZHI_COURIER_COMPANY",
        "courier_company",
        "快递100's code of the courier that is meant when a number names none.",
        "ems",
        "lower-case letters and digits",
        "ems",
    ),
    Setting(
        "HUIZHI_VOICE",
        "voice",
        "Platforms whose voice calls may be used when nothing else was answered (WeCom: the 紧急通知 permission).",
        "wecom",
        "wecom | empty",
    ),
    Setting(
        "HUIZHI_CHAT_FILE_MB",
        "chat_file_mb",
        "Largest file or picture that is kept when somebody sends it in the chat, in MB.",
        "10",
        "1 to 20",
        "10",
    ),
)
