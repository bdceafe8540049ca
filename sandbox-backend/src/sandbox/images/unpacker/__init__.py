"""Turns a layer's archive into a folder in a confined process; `client` is the runner's end of it."""
