"""Results: built, approved, told, answered, appealed against."""
