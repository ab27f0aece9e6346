"""Programs that make files of the project, to be run by hand."""
