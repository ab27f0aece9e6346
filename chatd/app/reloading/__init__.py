"""How a running daemon takes up a configuration that has changed."""
