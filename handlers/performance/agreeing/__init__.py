"""Goals that both sides confirm over the same text."""
