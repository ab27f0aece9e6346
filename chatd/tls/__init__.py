"""Certificates: made, read and renewed."""
