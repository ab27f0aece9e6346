"""Posting by HTTP: how fast the answers come, and that each post is there once, whatever happens meanwhile."""
