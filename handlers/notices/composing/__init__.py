"""From a draft to a frozen list: written, checked, approved, scheduled."""
