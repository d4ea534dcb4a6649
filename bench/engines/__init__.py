"""Where runs execute. The driver decides what is to be done; an engine only finds the place."""
