"""How goals stand, by the systems they are kept in, and what people need for them."""
