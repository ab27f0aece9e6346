"""What a busy room costs ``chatd-client``, as whoever sits before it meets it."""
