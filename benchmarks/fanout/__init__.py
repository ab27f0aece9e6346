"""What it costs a server to give a message to everybody in a room: see ``python -m benchmarks.fanout --help``."""
