"""The author of OCI runtime configurations, and the lists that they are made of.

Pure: it takes plans and images and returns documents. What only this machine knows is handed in.
"""
