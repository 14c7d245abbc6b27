"""Whether somebody works now: the hours of the approvals' data, in their own zone, on office days."""

from __future__ import annotations

from bot.approvals import hours as approvals_hours
from bot.approvals.data import version_at
from bot.context import Context
from bot.people import Person
from bot.statutory import office_day


def working(ctx: Context, person: Person) -> bool:
    """Is it the person's working time now?"""
    hours = version_at(ctx.now, person.zone).hours
    return approvals_hours.within(ctx.now, person.zone, hours, office_day)
