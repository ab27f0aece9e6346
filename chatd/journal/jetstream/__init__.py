"""A journal that several nodes share: one JetStream stream, in which all that happens on any of them has its place."""
