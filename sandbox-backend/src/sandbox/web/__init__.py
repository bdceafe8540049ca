"""The web process: what strangers send comes in here, and nothing here holds a privilege."""
