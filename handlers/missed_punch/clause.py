"""The clause of the attendance policy that a return-to-work notice cites, and its place in the draft. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.locale import LOCALES, speaking, t

UNCITED = "（尚未配置考勤制度条款：批准前请补上。）"


@dataclass(frozen=True, slots=True)
class Clause:
    """`words` exactly as the policy says them."""

    policy: str
    version: str
    number: str
    words: str

    @property
    def cited(self) -> str:
        """One sentence, in the language being spoken; the policy's own words stay as they are."""
        named = {"policy": self.policy, "version": self.version, "number": self.number, "words": self.words}
        return t("依据《{policy}》{version} {number}：「{words}」。", **named)


def parse(text: str) -> Clause | None:
    """`policy|version|number|words`, as config checked it; None when nothing is configured."""
    return Clause(*(" ".join(each.split()) for each in text.split("|", 3))) if text else None


def line(clause: Clause | None) -> str:
    """What the draft says about its ground: the clause, or plainly that there is none yet."""
    return clause.cited if clause else t(UNCITED)


def cites(text: str, clause: Clause) -> bool:
    """Whether a draft, in whichever language it was written, cites this very clause."""
    return any(said in text for said in _in_every_language(clause))


def with_clause(text: str, clause: Clause) -> str:
    """The draft with this clause in its last line, where a draft names its ground or says that there is none."""
    return text.rpartition("\n")[0] + "\n" + clause.cited


def _in_every_language(clause: Clause) -> list[str]:
    found = []
    for locale in LOCALES:
        with speaking(locale):
            found.append(clause.cited)
    return found
