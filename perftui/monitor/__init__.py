"""The loop: polls sources in time, keeps history, notices what changed, records and replays."""
