"""Images: from a registry, verified and unpacked, to layers on disk that every run shares."""
