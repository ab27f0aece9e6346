"""Who is where on all nodes of a cluster."""
