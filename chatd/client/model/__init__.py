"""What the client knows: no window, no network, no clock."""
