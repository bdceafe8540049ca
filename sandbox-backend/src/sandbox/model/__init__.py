"""Defines the values that all rooms share: plans, images, references, events, and what crosses between processes.

Nothing here reads, writes, waits or asks what time it is, and nothing here imports another room.
"""
