"""What everything that is plugged in must do, whoever wrote it: checks of each kind that raise."""
