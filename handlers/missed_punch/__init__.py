"""A shift began, grace passed, no punch: ask kindly, listen, and put right what can be put right.

`attendance` knows who is expected, `ladder` looks and asks, `flow` answers, `rules` and `understanding` decide,
`cards` speak.
"""
