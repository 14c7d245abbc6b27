"""What platforms, couriers and people tell of a notice."""
