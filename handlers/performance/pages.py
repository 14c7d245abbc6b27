"""Where the performance pages are."""

from __future__ import annotations

from pathlib import Path

from bot import access
from bot.web.pages import Pages, Place
from handlers.performance import (
    page_words,
    views_appeal,
    views_cockpit,
    views_goal,
    views_own,
    views_release,
    views_result,
    views_score,
    views_setup,
    views_team,
)

ROOT, COCKPIT = "/performance", "/performance/cockpit"


def register(pages: Pages) -> None:
    """The routes of this room, its templates and its places in the navigation."""
    pages.templates("performance", Path(__file__).parent / "templates")
    _people(pages)
    _hr(pages)
    words = page_words.WORDS
    pages.place(Place(ROOT, words["mine"], words["mine_about"], lambda _db, _person: True, views_own.status))
    cockpit = (words["cockpit"], words["cockpit_about"])
    pages.place(Place(COCKPIT, *cockpit, lambda _db, person: access.is_hr(person), page_words.no_status))


def _people(pages: Pages) -> None:
    pages.get(ROOT, views_own.mine)
    pages.get(f"{ROOT}/team", views_team.team)
    pages.get(f"{ROOT}/goals/<goal_id>", views_goal.one)
    for goal_view in (views_goal.confirm, views_goal.edit, views_goal.drop):
        pages.post(f"{ROOT}/goals/<goal_id>/{goal_view.__name__}", goal_view)
    pages.get(f"{ROOT}/results/<result_id>", views_result.one)
    pages.post(f"{ROOT}/results/<result_id>/answer", views_result.answer, most=views_result.MOST_FORM)
    for view in (views_result.sign, views_result.deem, views_result.release, views_result.publish, views_result.card):
        pages.post(f"{ROOT}/results/<result_id>/{view.__name__}", view)
    pages.get(f"{ROOT}/files/<file_id>", views_result.file)
    pages.get(f"{ROOT}/appeals/<appeal_id>", views_appeal.one)
    pages.post(f"{ROOT}/appeals/<appeal_id>/decide", views_appeal.decide)
    pages.post(f"{ROOT}/appeals/<appeal_id>/reassign", views_appeal.reassign)
    pages.get(f"{ROOT}/<cycle_id>/<person_id>", views_own.person)
    pages.get(f"{ROOT}/<cycle_id>/<person_id>/goal", views_goal.propose)
    pages.post(f"{ROOT}/<cycle_id>/<person_id>/goal", views_goal.propose)
    pages.get(f"{ROOT}/<cycle_id>/<person_id>/score", views_score.score)
    pages.post(f"{ROOT}/<cycle_id>/<person_id>/score", views_score.save)


def _hr(pages: Pages) -> None:
    pages.get(COCKPIT, views_cockpit.overview)
    pages.get(f"{COCKPIT}/approvals", views_release.waiting)
    pages.get(f"{COCKPIT}/scores", views_release.scores)
    for name, form in (
        ("policy", views_setup.policy),
        ("template", views_setup.template),
        ("cycle", views_setup.cycle),
    ):
        pages.get(f"{COCKPIT}/new/{name}", form)
        pages.post(f"{COCKPIT}/new/{name}", form)
    pages.post(f"{COCKPIT}/import", views_setup.cycles_in, most=views_cockpit.MOST_FILE)
    pages.post(f"{COCKPIT}/export", views_setup.cycles_out)
    pages.get(f"{COCKPIT}/<cycle_id>", views_cockpit.one)
    pages.get(f"{COCKPIT}/<cycle_id>/people", views_cockpit.people)
    pages.get(f"{COCKPIT}/<cycle_id>/calibration", views_cockpit.calibration)
    pages.get(f"{COCKPIT}/<cycle_id>/release", views_release.show)
    pages.post(f"{COCKPIT}/<cycle_id>/release", views_release.confirm)
    pages.post(f"{COCKPIT}/<cycle_id>/remind", views_cockpit.remind)
    pages.post(f"{COCKPIT}/<cycle_id>/open", views_cockpit.open_cycle)
    pages.post(f"{COCKPIT}/<cycle_id>/copy", views_setup.copy)
    pages.post(f"{COCKPIT}/<cycle_id>/import", views_cockpit.bring, most=views_cockpit.MOST_FILE)
    pages.post(f"{COCKPIT}/<cycle_id>/export", views_cockpit.export)
