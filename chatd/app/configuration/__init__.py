"""Where the options of the daemon come from: a file, the environment and the command line, in that order."""
