"""Docker's own words: what its client and daemon print, how a run ends in its terms, and how Go formats values.

Pure, and known to every process. What reads a stranger's text is not here but in `docker.cli`.
"""
