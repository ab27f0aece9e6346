"""Where connections come in: bytes to requests and back."""
