"""The process with root: it makes containers from checked plans, and never reads HTTP, a command line or an archive."""
