"""A small Docker host for strangers: one `docker run` line in, one event stream out."""
