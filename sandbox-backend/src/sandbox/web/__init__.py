"""Serves strangers over HTTP in a process without any privilege."""
