"""From what is seen to what is wrong: signals with their past, rules, and which of their findings is the cause."""
