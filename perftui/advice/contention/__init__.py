"""Running operations beside each other: which belong together, and who waits for whom."""
