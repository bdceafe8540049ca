"""Images: their documents, what is kept of them on disk, and how one is pulled.

What meets a registry's or an image's bytes lives in processes of its own, `puller` and `unpacker`.
"""
