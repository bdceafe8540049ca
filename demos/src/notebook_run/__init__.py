"""A notebook as a page of a MkDocs site, whose cells run in the reader's browser: a MkDocs plugin and its script."""
