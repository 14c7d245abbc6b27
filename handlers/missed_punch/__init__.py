"""A shift began, grace passed, no punch: ask kindly, listen, and put right what can be put right.

`jobs` looks and asks, `flow*` answer, `rules` and `understanding` decide, `cards*` speak; only `store` touches rows.
"""
