"""Where runs execute. An engine schedules; what a run does is the same on each."""
