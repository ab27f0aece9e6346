"""Follows log files and says each of their lines in a room, once: what ``chatd tail`` does."""
