"""Carries command lines out: waits for a turn, asks the runner, keeps Docker hosts, and sends events."""
