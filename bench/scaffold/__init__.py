"""The beginning of a plug-in: files that work as they are, to be made one's own."""
