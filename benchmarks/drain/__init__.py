"""What an upgrade costs those who are there: drains under load, and whether each thing said is told once."""
