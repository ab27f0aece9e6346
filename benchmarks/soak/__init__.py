"""The soak: programs that behave, and hostile clients of every kind beside them, on one real daemon."""
