"""Makes a notebook a page of a MkDocs site, with cells that run in the reader's browser."""
