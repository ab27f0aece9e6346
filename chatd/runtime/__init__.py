"""Timers, threads and sockets: what the process lends to the rest."""
