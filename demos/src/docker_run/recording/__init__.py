"""Records the runs of a site's demos, and renders what was recorded."""
