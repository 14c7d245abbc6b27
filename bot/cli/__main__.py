"""`python -m bot.cli`: the command, by the interpreter that is running."""

from __future__ import annotations

from bot.cli import main

main()
