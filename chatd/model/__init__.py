"""Values that the journal and the chat share."""
