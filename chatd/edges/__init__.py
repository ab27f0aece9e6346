"""Where clients connect: each edge turns the bytes of its connections into commands, and what is said into bytes."""
