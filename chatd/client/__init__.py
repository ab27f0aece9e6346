"""The bundled client: what its window shows, which line goes where, and what it keeps; only the window knows Tk."""
