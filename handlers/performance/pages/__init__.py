"""Where the performance pages are."""

from __future__ import annotations

from pathlib import Path

from bot import access
from bot.web.pages import Pages, Place
from handlers.performance.pages import (
    appeal,
    cockpit as views_cockpit,
    goal,
    own,
    release,
    result,
    score,
    setup,
    team,
    words as page_words,
)

ROOT, COCKPIT = "/performance", "/performance/cockpit"


def register(pages: Pages) -> None:
    """The routes of this room, its templates and its places in the navigation."""
    pages.templates("performance", Path(__file__).parent / "templates")
    _people(pages)
    _hr(pages)
    words = page_words.WORDS
    pages.place(Place(ROOT, words["mine"], words["mine_about"], lambda _db, _person: True, own.status))
    cockpit = (words["cockpit"], words["cockpit_about"])
    pages.place(Place(COCKPIT, *cockpit, lambda _db, person: access.is_hr(person), page_words.no_status))


def _people(pages: Pages) -> None:
    pages.get(ROOT, own.mine)
    pages.get(f"{ROOT}/team", team.team)
    pages.get(f"{ROOT}/goals/<goal_id>", goal.one)
    for goal_view in (goal.confirm, goal.edit, goal.drop):
        pages.post(f"{ROOT}/goals/<goal_id>/{goal_view.__name__}", goal_view)
    pages.get(f"{ROOT}/results/<result_id>", result.one)
    pages.post(f"{ROOT}/results/<result_id>/answer", result.answer, most=result.MOST_FORM)
    for view in (result.sign, result.deem, result.release, result.publish, result.card):
        pages.post(f"{ROOT}/results/<result_id>/{view.__name__}", view)
    pages.get(f"{ROOT}/files/<file_id>", result.file)
    pages.get(f"{ROOT}/appeals/<appeal_id>", appeal.one)
    pages.post(f"{ROOT}/appeals/<appeal_id>/decide", appeal.decide)
    pages.post(f"{ROOT}/appeals/<appeal_id>/reassign", appeal.reassign)
    pages.get(f"{ROOT}/<cycle_id>/<person_id>", own.person)
    pages.get(f"{ROOT}/<cycle_id>/<person_id>/goal", goal.propose)
    pages.post(f"{ROOT}/<cycle_id>/<person_id>/goal", goal.propose)
    pages.get(f"{ROOT}/<cycle_id>/<person_id>/score", score.score)
    pages.post(f"{ROOT}/<cycle_id>/<person_id>/score", score.save)


def _hr(pages: Pages) -> None:
    pages.get(COCKPIT, views_cockpit.overview)
    pages.get(f"{COCKPIT}/approvals", release.waiting)
    pages.get(f"{COCKPIT}/scores", release.scores)
    for name, form in (
        ("policy", setup.policy),
        ("template", setup.template),
        ("cycle", setup.cycle),
    ):
        pages.get(f"{COCKPIT}/new/{name}", form)
        pages.post(f"{COCKPIT}/new/{name}", form)
    pages.post(f"{COCKPIT}/import", setup.cycles_in, most=views_cockpit.MOST_FILE)
    pages.post(f"{COCKPIT}/export", setup.cycles_out)
    pages.get(f"{COCKPIT}/<cycle_id>", views_cockpit.one)
    pages.get(f"{COCKPIT}/<cycle_id>/people", views_cockpit.people)
    pages.get(f"{COCKPIT}/<cycle_id>/calibration", views_cockpit.calibration)
    pages.get(f"{COCKPIT}/<cycle_id>/release", release.show)
    pages.post(f"{COCKPIT}/<cycle_id>/release", release.confirm)
    pages.post(f"{COCKPIT}/<cycle_id>/remind", views_cockpit.remind)
    pages.post(f"{COCKPIT}/<cycle_id>/open", views_cockpit.open_cycle)
    pages.post(f"{COCKPIT}/<cycle_id>/copy", setup.copy)
    pages.post(f"{COCKPIT}/<cycle_id>/import", views_cockpit.bring, most=views_cockpit.MOST_FILE)
    pages.post(f"{COCKPIT}/<cycle_id>/export", views_cockpit.export)
