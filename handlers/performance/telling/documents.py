"""The exact text of a result and of a review. Pure: facts in, text out; a person can check every figure by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.locale import t
from handlers.performance import words_results
from handlers.performance.rules import plain, scoring as rules_scoring
from handlers.performance.rules.scoring import Line, Scored

ADJUSTED = "申诉后由 {by} 从 {old} 调整为 {new}。理由：{reason}"


class Named(Protocol):
    """A dimension of a template, see store.Dimension."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def max(self) -> Decimal: ...


class Titled(Protocol):
    """Anything with dimensions, see store.Template."""

    @property
    def dimensions(self) -> Sequence[Named]: ...


class Written(Protocol):
    """A version of a review, see reviews.Review."""

    @property
    def lines(self) -> tuple[Line, ...]: ...
    @property
    def comment(self) -> str: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fact:
    """A goal with its value as text, `60 %`; `fresh` False: it was shown but not scored."""

    text: str
    value: str
    at: datetime | None
    fresh: bool


@dataclass(frozen=True, slots=True)
class Said:
    """One side's version: who, when (None: that side wrote nothing in its time), with what score."""

    side: str
    name: str
    version: int
    at: datetime | None
    score: Decimal | None


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything a result's text is made of. `clauses`: number -> text. `adjusted`: (before, by, reason)."""

    name: str
    cycle: str
    starts_on: date
    ends_on: date
    policy: str
    policy_version: int
    version: int
    zone: str
    scored: Scored
    score: Decimal
    lines: tuple[Line, ...]
    dimensions: tuple[Named, ...]
    facts: tuple[Fact, ...]
    said: tuple[Said, ...]
    clauses: dict[str, str]
    band: str
    clause: str
    consequence: str
    factor: Decimal | None
    appeal_days: int
    adjusted: tuple[Decimal, str, str] | None = None


def result(of: Basis) -> str:
    """The whole document in the language being spoken."""
    parts = [_head(of), _score(of), *_reasons(of), *_progress(of), *_follows(of), *_story(of), *_rights(of)]
    return "\n".join(parts) + "\n"


def _head(of: Basis) -> str:
    lines = [
        t("绩效结果：{cycle}（第 {version} 版）", cycle=of.cycle, version=of.version),
        t("姓名：{name}", name=of.name),
        t("考核期：{start} 至 {end}", start=of.starts_on, end=of.ends_on),
        t("依据：《{policy}》第 {version} 版", policy=of.policy, version=of.policy_version),
    ]
    return "\n".join(lines)


def _score(of: Basis) -> str:
    score = format(of.score, "f")
    lines = ["", t("【得分】{score}，等级「{band}」", score=score, band=of.band)]
    rounding = t("只对总分四舍五入，保留 {places} 位小数。", places=of.scored.places)
    lines.append(t("算式：{formula}。", formula=rules_scoring.formula(of.scored)) + rounding)
    if of.adjusted:
        before, by, reason = of.adjusted
        old = format(before, "f")
        lines.append(t(ADJUSTED, by=by, old=old, new=score, reason=reason))
    return "\n".join(lines)


def _reasons(of: Basis) -> list[str]:
    return ["", t("【逐项说明】"), *reasons(of.lines, of.dimensions, of.clauses)]


def reasons(lines: Sequence[Line], dimensions: Sequence[Named], clauses: dict[str, str]) -> list[str]:
    """One line a dimension, and one a deduction with its fact and clause."""
    found = []
    for each in dimensions:
        mine = [line for line in lines if line.dimension == each.code]
        points = plain(mine[0].points) if mine else ""
        found.append(f"· {each.name}：{points}/{plain(each.max)}")
        for line in mine:
            if line.deduction:
                found.append("  " + t("扣 {points} 分：{fact}", points=plain(line.deduction), fact=line.fact or "—"))
                if line.clause:
                    text = clauses.get(line.clause, "")
                    found.append("  " + t("依据第 {no} 条：{text}", no=line.clause, text=text))
            elif line.fact:
                found.append(f"  {line.fact}")
    return found


def _progress(of: Basis) -> list[str]:
    if not of.facts:
        return []
    lines = ["", t("【目标进度】（评分时的数据）")]
    for each in of.facts:
        if not each.value:
            lines.append(t("· {text}：没有数据", text=each.text))
        elif each.fresh:
            lines.append(
                t("· {text}：{value}（来源时间 {at}）", text=each.text, value=each.value, at=moment(each.at, of))
            )
        else:
            lines.append(
                t(
                    "· {text}：{value}（来源时间 {at}，数据过期，不计分）",
                    text=each.text,
                    value=each.value,
                    at=moment(each.at, of),
                )
            )
    return lines


def _follows(of: Basis) -> list[str]:
    lines = ["", t("【后果与条款】"), t("第 {no} 条：{text}", no=of.clause, text=of.clauses.get(of.clause, ""))]
    lines.append(t("后果：{consequence}", consequence=of.consequence or t("无")))
    if of.factor is not None:
        lines.append(t("绩效工资系数：{factor}", factor=plain(of.factor)))
    return lines


def _story(of: Basis) -> list[str]:
    lines = ["", t("【评分过程】")]
    for each in of.said:
        label = words_results.side(each.side)
        if each.at is None or each.score is None:
            lines.append(t("· {side}：期限内没有提交", side=label))
            continue
        lines.append(
            t(
                "· {side}：{name}，{score}（第 {version} 版，{at}）",
                side=label,
                name=each.name,
                score=format(each.score, "f"),
                version=each.version,
                at=moment(each.at, of),
            )
        )
    return lines


def _rights(of: Basis) -> list[str]:
    lines = [
        "",
        t("【您的选择】"),
        t("同意并签字、仅确认收到、收到但不同意、申诉，是四种不同的答复。没有答复不等于同意。"),
    ]
    if of.adjusted is None:
        lines.append(t("申诉期：告知之日后 {days} 个工作日，由评分人以外的人处理。", days=of.appeal_days))
    return lines


def moment(at: datetime | None, of: Basis) -> str:
    """`2026-06-01 14:02`, in the person's zone."""
    return f"{at.astimezone(ZoneInfo(of.zone)):%Y-%m-%d %H:%M}" if at else "—"


def review(of: Written, scored: Scored, template: Titled) -> dict[str, str | bytes]:
    """The parts of the evidence of a submission."""
    lines = [rules_scoring.formula(scored), *reasons(of.lines, template.dimensions, {})]
    found: dict[str, str | bytes] = {"review": "\n".join([*lines, "", of.comment]).strip() + "\n"}
    return found | ({"reason": of.reason} if of.reason else {})
