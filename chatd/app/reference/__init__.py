"""What is said of the commands and their options, made from them: the help, the man pages, what a shell completes."""
