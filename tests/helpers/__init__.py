"""What tests of several rooms need: `helpers.waiting` and `helpers.terminal`."""
