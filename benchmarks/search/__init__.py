"""What the rule of the search index finds, and what it costs."""
