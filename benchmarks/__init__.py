"""Measurements, to be run by hand. They fail on wrong results, never on slow ones."""
