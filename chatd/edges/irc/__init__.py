"""The edge for IRC clients: their commands become those of the line protocol, and its lines become their messages."""
