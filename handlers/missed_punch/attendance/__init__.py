"""Shifts, punches and leave as the sources have them, and what cannot be right about them."""
