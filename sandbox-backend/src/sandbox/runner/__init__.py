"""The runner: root, small; it makes containers and knows nothing of HTTP."""
