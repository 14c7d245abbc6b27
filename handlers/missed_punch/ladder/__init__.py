"""Who is missing, who is asked next, and what stops it."""
