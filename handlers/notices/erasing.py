"""What notices keep of somebody who is erased: where they stood, without account, words or address."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.router import Gone, erases
from handlers.notices import tables as tb

NUMBER = 40


@erases
def forget(db: Connection, gone: Gone) -> Iterable[str]:
    """Times, answers and channels stay, so that every board still adds up to its frozen list.

    No matters: a notice belongs to everybody on its list.
    """
    for table, values in (
        (tb.recipient, {"user_id": gone.person_id, "words": "", "next_at": None}),
        (tb.attempt, {"address": "", "pedigree": ""}),
        (tb.parcel, _PARCEL),
    ):
        db.execute(sa.update(table).where(table.c.person_id == gone.person_id).values(**values))
    return []


_PARCEL = {
    # A number leads to the courier's page with name and address; it is unique, so each row keeps one of its own.
    "number": sa.func.substr(sa.literal("erased:") + tb.parcel.c.id, 1, NUMBER),
    "address": "", "pedigree": "", "signed_by": "", "photo": None, "photo_type": "", "next_at": None,
}  # fmt: skip
