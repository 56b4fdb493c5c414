"""Which indexes are worth trying, and the fewest that serve all."""
