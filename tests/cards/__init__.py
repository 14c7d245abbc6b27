"""What every card looks like on every platform."""
