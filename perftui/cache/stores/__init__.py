"""One interface over the places that keep values by key."""
