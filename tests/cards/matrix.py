"""Every sample card x every platform x every language, found by name: `handlers.*.cards`, `adapters.*.render`."""

from __future__ import annotations

import importlib.util
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import adapters
import handlers
from bot import menu
from bot.approvals import cards as approvals_cards
from bot.card import Button, Card, Fact
from bot.locale import LOCALES, MASTER, speaking
from bot.signing import refusal as signing_refusal

GOLDEN = Path(__file__).with_name("golden")
PAGE = "https://hr.example.com/todo"
Form = Callable[[Card, str], object]


def core() -> dict[str, Card]:
    """What no handler shows: the core's own words, and cards with a page of their own."""
    received = (Button("收到", "core.received", "r0", "primary"),)
    return {
        "core.menu": menu.welcome(),
        "core.link": Card("制度更新", "请阅读新版考勤制度。", (Fact("生效", "7 月 1 日"),), link=f"{PAGE}/policy"),
        "core.question_with_link": Card("请签收工资条", "有疑问可以直接回复。", buttons=received, link=PAGE),
        "core.decided_with_link": Card("工资条", "谢谢。", closed="已签收", footer="疑问请找 HR", link=PAGE),
        "core.reminder": approvals_cards.reminder(Card("张三 申请补卡", "请确认。", buttons=received)),
        "core.bulk": approvals_cards.bulk("r1", "补卡", 2, ["张三 09:02", "李四 09:05"]),
        "core.many": approvals_cards.many(
            "绩效结果", 20000, 19980, "https://hr.example.com/performance/cockpit/approvals"
        ),
        "core.bulk_done": approvals_cards.bulk_done("李主管", 2, 1),
        "core.bulk_each": approvals_cards.bulk_each(),
        "core.lapsed": approvals_cards.lapsed("王HR"),
        "core.settled": approvals_cards.settled(),
        "core.delegate_wanted": approvals_cards.delegate_wanted("r2", "王HR", "6月12日至6月20日"),
        "core.delegate_noted": approvals_cards.delegate_noted(),
        "core.delegate_on": approvals_cards.delegate_on("王HR", "6月12日至6月20日"),
        "core.delegate_told": approvals_cards.delegate_told("李主管", "王HR", "6月12日至6月20日"),
        "core.delegate_over": approvals_cards.delegate_over("李主管"),
        "core.delegate_off": approvals_cards.delegate_off(),
        "core.refusal_question": signing_refusal.question("r3", "张三", "季度结果", "王HR", "当面说明后没有签署。"),
        "core.refusal_answered": signing_refusal.answered("confirmed"),
        "core.refusal_over": signing_refusal.over(),
    }


def card_modules() -> Iterator[ModuleType]:
    """`cards` of every handler, one module or a package of them, in alphabetical order."""
    for room in pkgutil.iter_modules(handlers.__path__, "handlers."):
        if room.ispkg and importlib.util.find_spec(f"{room.name}.cards"):
            cards = importlib.import_module(f"{room.name}.cards")
            yield cards
            for found in pkgutil.iter_modules(getattr(cards, "__path__", ()), f"{cards.__name__}."):
                yield importlib.import_module(found.name)


def samples(locale: str = MASTER) -> dict[str, Card]:
    """`<handler>.<name>` -> card in a language: `samples()` of a module, or its mapping SAMPLES, which is Chinese."""
    with speaking(locale):
        return _samples(locale)


def _samples(locale: str) -> dict[str, Card]:
    found = core()
    for module in card_modules():
        cards = module.samples() if hasattr(module, "samples") else _only_chinese(module, locale)
        for name, card in cards.items():
            key = f"{module.__name__.split('.')[1]}.{name}"
            assert found.setdefault(key, card) == card, f"two different samples are called {key}"
    return found


def _only_chinese(module: ModuleType, locale: str) -> Mapping[str, Card]:
    return dict(getattr(module, "SAMPLES", ())) if locale == MASTER else {}


def platforms() -> dict[str, Mapping[str, Form]]:
    """Platform -> form -> pure function of (card, personal page); a renderer without FORMS has the one `render`."""
    found: dict[str, Mapping[str, Form]] = {}
    for room in pkgutil.iter_modules(adapters.__path__, "adapters."):
        if room.ispkg and importlib.util.find_spec(f"{room.name}.render"):
            module = importlib.import_module(f"{room.name}.render")
            single: Mapping[str, Form] = {"card": lambda card, page, module=module: module.render(card)}  # type: ignore[misc]
            found[room.name.rsplit(".", 1)[1]] = getattr(module, "FORMS", single)
    return found


def picture(forms: Mapping[str, Form], card: Card) -> str:
    """The golden file in the language being spoken: one entry per form, JSON inside strings opened for the reader."""
    shown = {name: opened(form(card, PAGE)) for name, form in forms.items()}
    return json.dumps(shown, ensure_ascii=False, indent=2) + "\n"


def opened(value: object) -> object:
    """The same value with JSON texts as what they hold."""
    if isinstance(value, Mapping):
        return {key: opened(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [opened(each) for each in value]
    if isinstance(value, str) and value[:1] in "[{" and value:
        try:
            return opened(json.loads(value))
        except ValueError:
            return value
    return value


def expected() -> dict[Path, str]:
    """Every golden file as the code would write it now: `golden/<platform>/<locale>/<handler>.<name>.json`."""
    found: dict[Path, str] = {}
    for locale in LOCALES:
        cards = samples(locale)
        with speaking(locale):
            for platform, forms in platforms().items():
                folder = GOLDEN / platform / locale
                found |= {folder / f"{name}.json": picture(forms, card) for name, card in cards.items()}
    return found
