"""A Markdown fence for `docker run` lines that a reader can run: the fence, a MkDocs plugin, the element."""
