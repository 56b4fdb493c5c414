"""Pure functions: query shapes and facts about the data in, findings and advice out."""
