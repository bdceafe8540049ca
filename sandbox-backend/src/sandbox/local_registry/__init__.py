"""The registry that `make serve` brings along: building its images, filling it, serving it."""
