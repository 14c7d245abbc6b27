"""What eyes and fingers need of a page, measured in a real browser on a phone, by day and by night."""

from __future__ import annotations

import re

import pytest

from handlers.missed_punch import tables as absences
from tests.handlers.missed_punch.story import Story
from tests.web.noticed import compose, lite, office, press, sent
from tests.web.office import Office
from tests.web.test_notice_live import Open, open_as

__all__ = ["office", "open_as", "sent"]
pytestmark = lite
AUDIT = """() => {
  const found = [], numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (color) => color.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const over = (top, below) => [0, 1, 2].map((n) => top[n] * (top[3] ?? 1) + below[n] * (1 - (top[3] ?? 1)));
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement)
      layers.unshift(numbers(getComputedStyle(each).backgroundColor));
    return layers.reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  for (const each of document.querySelectorAll("body *:not(svg):not(svg *)")) {
    const words = [...each.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    const box = each.getBoundingClientRect(), start = each.textContent.trim().slice(0, 30);
    if (!words.length || !box.width) continue;
    const below = ground(each), color = over(numbers(getComputedStyle(each).color), below);
    const [dark, bright] = [light(color), light(below)].sort((a, b) => a - b);
    if ((bright + 0.05) / (dark + 0.05) < 4.5) found.push("contrast: " + start);
    if (box.right > innerWidth + 1 && !each.closest("nav, .scroll")) found.push("outside: " + start);
  }
  for (const each of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!each.labels.length && !each.getAttribute("aria-label")) found.push("no label: " + each.name);
  for (const each of document.querySelectorAll("button, summary")) {
    const box = each.getBoundingClientRect();
    if (box.height && box.height < 24) found.push("small: " + each.textContent.trim());
  }
  if (document.querySelectorAll("h1").length !== 1) found.push("headings");
  if (document.documentElement.scrollWidth > innerWidth) found.push("scrolls sideways");
  return found;
}"""


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
def test_pages_can_be_read_and_touched(open_as: Open, office: Office, sent: str, night: bool) -> None:
    office.firm.pass_time(minutes=1)
    press(office, "zhang", f"/notices/{sent}/answer", answer="objected", words="第三条不清楚")
    Story(office.firm).tick("09:16")
    (case,) = office.firm.rows(absences.case)
    own = {"zhang": ["/", "/me", "/todo", "/absences/mine", f"/notices/{sent}"]}
    own["wang"] = ["/", "/absences", f"/absences/{case['id']}?said=reason", "/people", "/people/fake:zhang"]
    own["wang"] += [f"/notices/{sent}/{each}" for each in ("board?said=reason", "people?in=all", "charts")]
    own["wang"] += [f"/notices/{sent}/people/fake:zhang", f"/notices/{compose(office)}/check"]
    wrong = {}
    for who, paths in own.items():
        page = open_as(who)
        page.emulate_media(color_scheme="dark" if night else "light")
        for path in paths:
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={'en' if night else 'zh'}")
            if found := page.evaluate(AUDIT):
                wrong[re.sub(r"n[tp]-\w+|mp-\w+", "…", path)] = found
    assert wrong == {}
