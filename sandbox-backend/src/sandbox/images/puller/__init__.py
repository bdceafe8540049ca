"""The process that speaks HTTP with the registry and owns nothing; `client` is the runner's end of it."""
