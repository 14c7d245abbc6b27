"""What the pages around a leaver's link say, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping

LEAVER: Mapping[str, tuple[str, str]] = {
    "gone": ("已离职", "Left the firm"),
    "leaver_open": ("为本人开通查看链接", "Open a link for this person"),
    "leaver_open_lead": (
        "{name} 已不在企业微信或钉钉里。核对身份后，可以开通一个只能看到其本人记录的链接，{days} 天内有效。",
        "{name} is no longer on WeCom or DingTalk. Once you have checked who they are, open a link that shows nothing "
        "but their own record and works for {days} days.",
    ),
    "leaver_how": ("您是怎样核对身份的？", "How did you check who they are?"),
    "how_id_in_person": ("当面看了身份证件", "Identity document seen in person"),
    "how_id_in_video": ("视频通话里看了身份证件", "Identity document seen in a video call"),
    "how_known_mobile": ("拨打已知手机号，由本人接听", "Known mobile number called, the person answered"),
    "how_representative": (
        "代理人持授权委托书（请在备注写明）",
        "Representative with power of attorney (say who below)",
    ),
    "leaver_note": ("备注（选填，会存证，本人看得到）", "Note (optional, recorded, visible to the person)"),
    "leaver_way": ("验证码怎样交给本人？", "How does the person get the code?"),
    "way_sms": ("短信发到本人确认过的手机", "By SMS to the number they confirmed"),
    "way_mail": ("邮件发到本人确认过的邮箱", "By mail to the address they confirmed"),
    "way_hand": ("显示一次，由我转交", "Shown to me once, I hand it over"),
    "leaver_no_address": (
        "没有本人确认过、且通道可用的手机或邮箱，验证码只能由您转交。",
        "There is no confirmed number or address that can be reached; you have to hand the code over.",
    ),
    "leaver_confirmed_on": ("{day} 确认", "confirmed {day}"),
    "leaver_go": ("开通链接", "Open the link"),
    "leaver_links": ("已开通的链接", "Links that are open"),
    "leaver_until": ("有效期至 {time}", "works until {time}"),
    "leaver_used": ("最近使用 {time}", "last used {time}"),
    "leaver_unused": ("还没有用过", "not used yet"),
    "leaver_revoke": ("停用", "Revoke"),
    "link_ready": ("链接已开通", "The link is open"),
    "link_ready_lead": (
        "请把链接发给 {name}。它只在这里显示这一次，{time} 前有效；再次开通会停用这一个。",
        "Send this link to {name}. It is shown this once and works until {time}; opening another one ends it.",
    ),
    "link_address": ("链接", "Link"),
    "link_code": ("验证码", "Code"),
    "link_code_hand": (
        "请用另一种方式（当面或电话）把验证码告诉本人，不要和链接写在一起。由您转交这件事已经存证。",
        "Tell the person the code another way (in person or by phone), never together with the link. That you hand it "
        "over is recorded.",
    ),
    "link_code_sent": (
        "本人打开链接后，点按钮即可收到验证码，您看不到它。",
        "After opening the link the person asks for the code and gets it; you do not see it.",
    ),
    "link_cannot": ("没有开通", "No link was opened"),
    "leaver_hello": ("查看您在原单位的记录", "Your record with your former employer"),
    "leaver_hello_lead": (
        "为了保护您的个人信息，请先输入六位验证码。没有验证码，这个链接不会显示任何内容。",
        "To protect your data, please give the six-digit code first. Without it this link shows nothing.",
    ),
    "leaver_by_hand": (
        "验证码由 HR 当面或电话告诉您。没有收到请联系 HR。",
        "HR tells you the code in person or by phone. If you do not have it, please ask HR.",
    ),
    "leaver_by_sms": (
        "验证码会以短信发到您确认过的手机，10 分钟内有效。",
        "The code comes by SMS and works for 10 minutes.",
    ),
    "leaver_by_mail": (
        "验证码会发到您确认过的邮箱，10 分钟内有效。",
        "The code comes by mail and works for 10 minutes.",
    ),
    "leaver_send": ("发送验证码", "Send me the code"),
    "leaver_resend": ("重新发送", "Send again"),
    "leaver_code": ("六位验证码", "Six-digit code"),
    "leaver_enter": ("打开我的记录", "Open my record"),
    "code_sent": ("验证码正在发出，通常一分钟内收到。", "The code is on its way; it usually takes less than a minute."),
    "code_wait": ("刚刚发过了，请等一分钟再试。", "One was just sent. Please wait a minute."),
    "code_spent": (
        "这个链接的发送次数用完了，请联系 HR 重新开通。",
        "No more codes for this link; please ask HR for a new one.",
    ),
    "code_unreachable": (
        "现在发不出验证码，请联系 HR 换一种方式。",
        "The code cannot be sent right now; please ask HR for another way.",
    ),
    "code_wrong": (
        "验证码不对，请核对后再输一次。连续 5 次输错，链接会停用。",
        "That is not the code. Please check and try again; after 5 wrong codes in a row the link stops working.",
    ),
    "code_stale": (
        "验证码已过期或还没有发送，请先获取新的验证码。",
        "That code has run out or none was sent; please get a new one.",
    ),
    "leaver_expired": ("链接已过期", "This link has run out"),
    "leaver_expired_text": (
        "为了安全，链接只在几天内有效。请联系原单位 HR 重新开通，您的记录都还在。",
        "For safety it works for a few days only. Please ask HR for a new one; your records are all there.",
    ),
    "leaver_revoked": ("链接已停用", "This link was switched off"),
    "leaver_revoked_text": (
        "HR 停用了它，或已开通了新的链接。请用最近收到的那一个，或联系 HR。",
        "HR switched it off or opened a newer one. Please use the one you got last, or ask HR.",
    ),
    "leaver_locked": ("链接已锁定", "This link is locked"),
    "leaver_locked_text": (
        "验证码多次输错，为保护您的信息已停用，HR 已收到提醒。请联系 HR 重新开通。",
        "Too many wrong codes. It was switched off to protect you and HR was told; please ask them for a new one.",
    ),
    "leaver_back": ("请用工作账号登录", "Please use your work account"),
    "leaver_back_text": (
        "您的工作账号可以使用，请直接登录查看自己的记录。",
        "Your work account is active; sign in with it to see your record.",
    ),
    "leaver_unknown": ("没有找到这个链接", "There is no such link"),
    "leaver_unknown_text": (
        "链接可能没有复制完整。请重新打开收到的链接，仍不行请联系 HR。",
        "It may not have been copied whole. Please open the one you got again, or ask HR.",
    ),
    "leaver_again": ("请重新打开链接", "Please open your link again"),
    "leaver_again_text": (
        "一段时间没有操作，为了安全已经退出。请重新打开 HR 给您的链接并输入验证码。",
        "You were signed out after a while, for safety. Please open the link HR gave you again and give the code.",
    ),
    "leaver_out": ("已退出", "Signed out"),
    "leaver_out_text": (
        "您已安全退出。再次查看请重新打开 HR 给您的链接。",
        "You are signed out. To look again, open the link HR gave you.",
    ),
    "leaver_only": ("这里看不到", "Not on this link"),
    "leaver_only_text": (
        "您的链接只能打开您本人的记录，其他页面需要在职账号。",
        "Your link opens your own record only; other pages need a work account.",
    ),
    "leaver_retry": ("再试一次", "Try again"),
    "asks": ("请求与答复", "Requests and answers"),
    "asks_none": ("还没有提出过请求。", "You have not asked for anything."),
    "ask_correction": ("要求更正", "Ask for a correction"),
    "ask_certificate": ("申请证明补发", "Ask for the certificate again"),
    "ask_correction_hint": ("哪里不对，应当是什么", "What is wrong, and what should it be?"),
    "ask_certificate_hint": (
        "选填：怎样交给您，例如邮寄地址、邮箱",
        "Optional: how you would like to get it, e.g. a postal or mail address",
    ),
    "ask_send": ("提交给 HR", "Send to HR"),
    "ask_waiting": ("等待 HR 答复", "waiting for HR"),
    "ask_done": ("已办理", "done"),
    "ask_refused": ("未办理", "not done"),
    "ask_at": ("{time} 提出", "asked {time}"),
    "ask_answered": ("{name} {time} 答复", "{name} answered {time}"),
    "asked_ok": (
        "已提交给 HR，答复会显示在本页。您的原话已存证。",
        "Sent to HR; the answer will show here. Your words are recorded.",
    ),
    "asked_nobody": (
        "已存证。现在没有可以处理的 HR，请同时直接联系原单位。",
        "Recorded. There is nobody in HR right now, so please contact the firm as well.",
    ),
    "ask_cannot": ("没有提交", "Nothing was sent"),
    "part_note": ("备注", "Note"),
    "part_how.txt": ("核验方式", "How it was checked"),
}
