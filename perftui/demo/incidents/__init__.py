"""Fire drills: incidents that are really caused on the demo's own servers, one file a mechanism."""
