"""Reviews in their turn, by whoever sits in the seat."""
