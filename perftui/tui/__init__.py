"""The screen: app, screens, widgets, keys, formatting, styles."""
