"""The screens; all but the main one are imported when they open."""
