"""Asks the registry over HTTP in a process that owns nothing; `client` is the runner's end of it."""
