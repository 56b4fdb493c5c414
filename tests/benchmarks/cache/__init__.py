"""What the cache tools cost, beside what others cost."""
