"""Reference made from the commands and their options: help, man pages, shell completion."""
