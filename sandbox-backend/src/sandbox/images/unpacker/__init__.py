"""The confined process that turns a layer's archive into a folder; `client` is the runner's end of it."""
