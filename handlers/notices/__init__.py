"""HR notices: composed, sent to a frozen list of people, answered one by one, and proven rung by rung.

A rung says what is known and never more: accepted by the platform is not delivered, delivered is not opened, opened is
not agreed, and silence is silence.
"""
