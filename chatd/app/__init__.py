"""The daemon put together: options, service, commands."""
