"""Plans, read from what servers say of them."""
