"""Reads images' documents, keeps images on disk, and pulls them.

What meets a registry's or an image's bytes lives in processes of its own, `puller` and `unpacker`.
"""
