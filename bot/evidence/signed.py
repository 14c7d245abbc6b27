"""A signed document as one file to keep: the text, the handwriting, the certificate, sealed. PDF/A-3b.

The exact bytes that were signed are attached as document.txt, so that the fingerprint can be recomputed by anybody.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.evidence.report import Sealing, printed
from bot.evidence.seal import seal, validate
from bot.signing.rules import STATEMENT, Problem, picture, strokes
from bot.signing.store import Document, Signature

HOW = {"drawn": "在屏幕上手写 drawn on the screen", "typed": "键入本人姓名 typed name"}
FACTOR = {
    "none": "平台账号登录 platform sign-in only",
    "chat": "重新登录，并输入发到同一聊天账号的验证码 fresh sign-in and a code sent to the same chat account",
    "sms": "重新登录，并输入发到手机的短信验证码 fresh sign-in and a code sent by SMS",
}
SAID = (
    (
        "这是什么签名 What kind of signature this is",
        "这是普通的电子签名：以工作平台账号登录确认身份，对本证书所列指纹的文件作出签名。签名数据由公司的系统保管和封印，"
        "不是签名人单独控制的数字证书，也不是持牌电子认证机构（CA）的签名。它与手写签名是否效力相同，取决于双方事先书面"
        "约定的条件（电子签名法第十三条第二款）和其他证据。",
        "An ordinary electronic signature: the signer was identified by the work platform's account and signed the"
        " document with the fingerprint above. The firm's system keeps and seals it; it is not made with a certificate"
        " under the signer's sole control, nor by a licensed certification authority. Whether it equals handwriting"
        " depends on what both sides agreed beforehand (Electronic Signature Law, art. 13(2)) and on other evidence.",
    ),
    (
        "它证明什么 What it shows",
        "在所列时间，该账号看到了这份文件的全文并对它签了名；文件和签名此后没有改动。",
        "At the time given this account was shown the whole document and signed it; neither has changed since.",
    ),
    (
        "它不证明什么 What it does not show",
        "不证明当时拿着设备的就是本人、出于自愿或内容属实。除非文件自己写明，签名不代表同意其中的内容。",
        "Not that this very person held the device, acted freely, or that the contents are true. Unless the document"
        " itself says so, a signature is not agreement with its contents.",
    ),
    (
        "怎样核对 How to check it",
        "取出本文件附件 document.txt，计算它的 SHA-256，应与上面的指纹一致；在阅读器的签名栏查看封印。封印证书由公司"
        "自行签发，阅读器会提示“未知签发者”，这不影响判断是否被改动。",
        "Take the attachment document.txt out of this file: its SHA-256 is the fingerprint above. The seal shows in any"
        " reader's signature panel; its certificate is the firm's own, so the reader calls its issuer unknown.",
    ),
)


def unsigned(document: Document) -> bytes:
    """The document alone, for a licensed provider to have signed. The same document gives the same bytes."""
    return _typeset(document, {"signature": {}, "certificate": [], "said": []}, "", document.prepared_at)


def sealed_copy(document: Document, signature: Signature, name: str, sealing: Sealing, now: datetime) -> bytes:
    """The signed document with its certificate, sealed as `now`, time-stamped when an authority answers.

    `name` is the signer's. Raises Misconfigured for an unusable seal key.
    """
    wanted = bool(sealing.stampers)
    pdf = _sealed(_signed(document, signature, name, stamped=wanted), sealing, now)
    if wanted and validate(pdf, roots=sealing.roots, now=now).stamped is None:
        # No authority answered: the text must not speak of a stamp.
        pdf = _sealed(_signed(document, signature, name, stamped=False), Sealing(sealing.key_dir), now)
    return pdf


def _sealed(pdf: bytes, sealing: Sealing, now: datetime) -> bytes:
    return seal(pdf, sealing.key_dir, sealing.stampers, now, roots=sealing.roots, revocation=sealing.revocation)


def _signed(document: Document, made: Signature, name: str, *, stamped: bool) -> bytes:
    found = strokes(made.marks) if made.how == "drawn" else ()
    svg = "" if isinstance(found, Problem) or not found else picture(found)
    at = _local(made.at, made.zone)
    shown = {"name": name, "at": at, "statement": STATEMENT, "typed": made.marks if made.how == "typed" else ""}
    values = {"signature": shown, "certificate": _certificate(document, made, name, stamped), "said": SAID}
    return _typeset(document, values, svg, made.at)


def _certificate(document: Document, made: Signature, name: str, stamped: bool) -> list[tuple[str, str]]:
    def when(moment: datetime | None) -> str:
        return _local(moment, made.zone) if moment else "没有记录 not recorded"

    outside = "封印时已向外部机构取得 obtained from an outside authority" if stamped else (
        "没有：时间是公司系统的时钟 none: times are those of the firm's own clock"
    )  # fmt: skip
    return [
        ("文件 Document", f"{document.title}（第 {made.version} 版 version {made.version}）"),
        ("文件指纹 SHA-256", made.sha256),
        ("签名人 Signer", name),
        ("平台账号 Platform account", made.account),
        ("签名方式 How", HOW[made.how]),
        ("身份核验 Identity check", FACTOR[made.second_factor]),
        ("登录时间 Signed in", when(made.signed_in_at)),
        ("全文显示 Shown in full", when(made.shown_at)),
        (
            "滚动到文末 Scrolled to the end",
            "是 yes" if made.seen_to_end else "浏览器没有报告 not reported by the browser",
        ),
        ("签名时间 Signed", when(made.at)),
        ("文件编号 Document number", document.ref),
        ("存证编号 Evidence number", made.event_id),
        ("外部时间戳 Outside time stamp", outside),
    ]


def _typeset(document: Document, values: dict[str, Any], svg: str, made: datetime) -> bytes:
    blocks = [
        {"head": head, "text": body if isinstance(body, str) else "", "rows": [] if isinstance(body, str) else body}
        for head, body in document.blocks
    ]
    files = [f"{each.name} · {each.size:,} bytes · SHA-256 {each.sha256}" for each in document.attachments]
    given = {"title": document.title, "author": "Huizhi 回执", "running": document.sha256, "blocks": blocks}
    given |= {"sub": f"第 {document.version} 版 · version {document.version} · {document.ref}", "files": files}
    kept = json.dumps({"svg": svg, "document": document.content.decode()}, ensure_ascii=False)
    return printed("signed.typ", given | values, made, "a-3b", kept)


def _local(moment: datetime, zone: str) -> str:
    there = moment.astimezone(ZoneInfo(zone))
    offset = there.strftime("%z")
    return f"{there:%Y-%m-%d %H:%M:%S}（UTC{offset[:3]}:{offset[3:]}，{zone}）"
