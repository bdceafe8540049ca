"""Runs one container from its preparation to its end, whatever OCI runtime makes it."""
