"""How soon the diagnosis is right, and how often it is wrong: fire drills on real servers, and a healthy hour."""
