"""What authors and approvers read. Pure; said in the language being spoken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.card import Button, Card, Fact
from bot.locale import t


def importance(name: str) -> str:
    """As people say it."""
    return {"inform": t("告知"), "read": t("须阅读"), "confirm": t("须确认"), "sign": t("须签署")}.get(name, name)


def composed(notice_id: str, title: str, problems: Sequence[str], link: str) -> Card:
    """A draft was written in chat."""
    text = t("草稿已保存，还没有发给任何人。")
    if problems:
        text += "\n" + t("提交之前还要补上：") + "\n" + "\n".join(f"· {each}" for each in problems)
    choose = (
        Button(t("预览"), "notices.preview", notice_id),
        Button(t("发给全公司"), "notices.to_all", notice_id),
        Button(t("发给我的团队"), "notices.to_team", notice_id),
        Button(t("提交"), "notices.submit", notice_id, "primary"),
    )
    return Card(t("通知草稿｜{title}", title=title), text, buttons=choose, link=link)


def how(link: str = "") -> Card:
    """Somebody wants to write a notice and has not said which."""
    text = t("请这样写：第一行「发通知 标题」，下面写正文。对象、附件和时间可以在网页上补。")
    return Card(t("怎样发通知"), text, link=link)


def attached(title: str, name: str, link: str) -> Card:
    """A file that its author sent in the chat belongs to the draft now. `title` may be empty."""
    draft = t("草稿《{title}》", title=title) if title else t("您的新草稿")
    return Card(t("已加为附件"), f"「{name}」→ {draft}", footer=t("加错了可以在页面上去掉。"), link=link)


def not_attached(title: str, name: str, why: str, link: str) -> Card:
    """It was kept as sent, but a notice cannot have it."""
    draft = t("草稿《{title}》", title=title) if title else t("您的新草稿")
    return Card(t("没有加为附件"), f"「{name}」→ {draft}\n{why}", link=link)


def previewed(title: str, views: Mapping[str, tuple[str, bool]]) -> Card:
    """Which part of the text fits one chat message of each platform; the page always holds the whole."""
    names = {"wecom": t("企业微信"), "dingtalk": t("钉钉")}
    lines = []
    for name, (text, cut) in views.items():
        state = t("放得下") if not cut else t("放不下，聊天里只显示开头，全文在页面上")
        lines += [
            t("{platform}：{state}", platform=names.get(name, name), state=state),
            text if not cut else text[:200],
        ]
    return Card(t("《{title}》预览：全文", title=title), "\n".join(lines))


def rendered(platform: str, shown: str) -> Card:
    """To the author: what one platform shows of the card, buttons in brackets, what it cannot show as words."""
    names = {"wecom": t("企业微信"), "dingtalk": t("钉钉")}
    name = names.get(platform, platform)
    return Card(t("{platform}上的样子", platform=name), shown)


def submitted(title: str, state: str, people: int, asked: Sequence[str]) -> Card:
    """To the author: where it is now."""
    texts = {
        "approving": t(
            "共 {people} 人，需要另一位同事核对：{names}", people=people, names="、".join(asked) or t("人事待办")
        ),
        "grown": t(
            "现在共 {people} 人，比核对时多，还没有发送：已请同事重新核对：{names}",
            people=people,
            names="、".join(asked) or t("人事待办"),
        ),
        "scheduled": t("已排好时间，到时会固定名单并发送。"),
        "waiting": t("还没有发送：请在刚发给您的卡片里决定。"),
        "sending": t("名单已固定，共 {people} 人，正在发送。", people=people),
    }
    return Card(t("《{title}》已提交", title=title), texts[state])


def approve(ref: str, title: str, author: str, facts: Sequence[tuple[str, str]], body: str, link: str) -> Card:
    """To whoever checks: what it is, for how many, on what it rests."""
    shown = tuple(Fact(label, value) for label, value in facts if value)
    buttons = (
        Button(t("同意发送"), "notices.approve", ref, "primary"),
        Button(t("先不发"), "notices.disapprove", ref),
    )
    text = t("{author} 拟定，等您核对后才会发送。", author=author)
    return Card(t("请核对通知｜{title}", title=title), text, shown, body, buttons, link=link)


def approved(title: str, by: str) -> Card:
    """The question of an approver, decided."""
    return Card(t("《{title}》已核对", title=title), closed=t("{by} 已同意发送", by=by))


def why_not(title: str) -> Card:
    """After [先不发]: the author is told why, in these words; nothing is decided before."""
    return Card(
        t("《{title}》先不发的原因", title=title),
        t("请直接回复原因，拟定人会看到您的原话。回复之前什么都没有决定，仍可以点「同意发送」。"),
    )


def returned(title: str, by: str, why: str) -> Card:
    """Not to be sent; a draft again."""
    text = t("{by} 认为先不发，通知已退回草稿，可以改好再提交。", by=by)
    return Card(t("《{title}》先不发", title=title), text, (Fact(t("原因"), why),))


def late(ref: str, title: str, why: str) -> Card:
    """The window was missed; nothing went out."""
    buttons = (
        Button(t("现在发送"), "notices.late_now", ref, "primary"),
        Button(t("换时间"), "notices.late_move", ref),
        Button(t("不发了"), "notices.late_drop", ref),
    )
    return Card(t("《{title}》没有自动发送", title=title), t("原因：{why}。请您决定。", why=why), buttons=buttons)


def settled(title: str) -> Card:
    """That question is over."""
    return Card(t("《{title}》", title=title), closed=t("已经决定"))


def say_when(title: str) -> Card:
    """After [换时间]."""
    return Card(t("《{title}》换时间", title=title), t("请回复新的时间，例如：改到 06-12 09:30"))


def moved(title: str, when: str) -> Card:
    """A new time."""
    return Card(t("《{title}》已改到 {when}", title=title, when=when), t("到时会固定名单并发送。"))


def dropped(title: str) -> Card:
    """Not sent; a draft again."""
    return Card(t("《{title}》没有发送", title=title), t("已退回草稿。"))


def pending(notice_id: str, title: str, names: Sequence[str], total: int, link: str) -> Card:
    """Who has not done what was asked. Silence is only silence."""
    if not total:
        return Card(t("《{title}》都完成了", title=title), t("名单上没有还在等的人。"), link=link)
    more = t(" 等") if total > len(names) else ""
    text = t("还有 {total} 人：{names}{more}", total=total, names="、".join(names), more=more)
    button = Button(t("提醒他们"), "notices.remind", notice_id, "primary")
    return Card(t("《{title}》还没完成", title=title), text, buttons=(button,), link=link,
                footer=t("没有回应不代表不同意，也可能是没有送到。"))  # fmt: skip


def reminded(title: str, count: int, skipped: int) -> Card:
    """What came of [提醒他们]."""
    text = t(
        "已提醒 {count} 人；{skipped} 人这次没有打扰（休假、免打扰时段、刚提醒过等）。", count=count, skipped=skipped
    )
    return Card(t("《{title}》已提醒", title=title), text)


def steered(title: str, what: str) -> Card:
    """paused, resumed, stopped, or nothing to do."""
    texts = {
        "paused": t("已暂停，未发出的不会再发；说「继续通知」接着发。"),
        "resumed": t("已继续发送。"),
        "stopped": t("已停止。已收到的人仍可答复，未发出的不再发送。"),
        "nothing": t("它现在的状态不能这样做，什么都没有改变。"),
    }
    return Card(t("《{title}》", title=title), texts[what])


def deem_how() -> Card:
    """What somebody has to say who wants to mark a silent person's receipt as deemed."""
    text = t("请这样写：视为收到 姓名《通知标题》条款原文。没有条款，就不能视为收到；同意永远不能代替本人表示。")
    return Card(t("怎样标明「视为收到」"), text)


def deemed(title: str, name: str, clause: str) -> Card:
    """A receipt is deemed by a clause, which is neither an answer nor an agreement."""
    text = t("{name} 本人没有答复，也没有同意；看板上的状态不变，只在记录里写明依据的条款。", name=name)
    return Card(t("《{title}》已标明：视为收到", title=title), text, quote=clause)


def all_stopped(count: int) -> Card:
    """After the emergency stop."""
    return Card(t("全部停止"), t("已停止 {count} 份正在发送或暂停的通知。", count=count))


def which(titles: Sequence[str]) -> Card:
    """More than one notice, or none, fits."""
    if not titles:
        return Card(t("没有找到这份通知"), t("请把标题写在书名号里，例如《考勤制度》。"))
    return Card(t("是哪一份？"), t("有几份都符合，请写完整标题：{titles}", titles="、".join(titles)))


def samples() -> dict[str, Card]:
    """Every card once, for the golden files."""
    facts = [(t("人数"), "1200"), (t("级别"), importance("sign"))]
    return {
        "compose_composed": composed("nt-1", "考勤制度 v4", ["没有选择对象"], ""), "compose_how": how(),
        "compose_attached": attached("考勤制度 v4", "附表.pdf", "https://hr.example.com/notices/n/edit"),
        "compose_not_attached": not_attached("", "附表.pdf", "最多 9 个附件", "https://hr.example.com/notices/n/edit"),
        "compose_rendered": rendered("dingtalk", "通知｜考勤制度 v4\n全文见页面\n[收到] [查看详情]"),
        "compose_submitted": submitted("考勤制度 v4", "approving", 1200, ["王HR"]),
        "compose_grown": submitted("考勤制度 v4", "grown", 1200, ["陈HR"]),
        "compose_approve": approve("ref", "考勤制度 v4", "王HR", facts, "全文见页面", ""),
        "compose_approved": approved("考勤制度 v4", "王HR"),
        "compose_returned": returned("考勤制度 v4", "王HR", "第三条的日期写错了"),
        "compose_why_not": why_not("考勤制度 v4"),
        "compose_late": late("ref", "考勤制度 v4", "发送时间已经错过"), "compose_settled": settled("考勤制度 v4"),
        "compose_say_when": say_when("考勤制度 v4"), "compose_moved": moved("考勤制度 v4", "06-12 09:30"),
        "compose_dropped": dropped("考勤制度 v4"), "compose_which": which(["考勤制度 v3", "考勤制度 v4"]),
        "compose_deem_how": deem_how(), "compose_deemed": deemed("考勤制度 v4", "张三", "第十二条：公示三日视为送达"),
        "compose_pending": pending("nt-1", "考勤制度 v4", ["张三"], 1, ""),
        "compose_reminded": reminded("考勤制度 v4", 3, 1), "compose_steered": steered("考勤制度 v4", "paused"),
        "compose_previewed": previewed("考勤制度 v4", {"wecom": ("全文", False), "dingtalk": ("全文", True)}),
        "compose_all_stopped": all_stopped(2),
    }  # fmt: skip
