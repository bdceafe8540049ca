"""Says things as Docker does: what its client and daemon print, how a run ends, and how Go formats values.

Pure, and known to every process. What reads a stranger's text is not here but in `docker.cli`.
"""
