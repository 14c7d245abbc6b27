"""What we keep about you, who looked, put it right, erase it: a person's rights by chat.

`flow` answers the person and the HR head, `rules` read the words, `cards` speak; the log itself is the only store.
"""
