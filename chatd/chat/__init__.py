"""The domain: rooms, members, sessions, and what each command does."""
