"""Answers the calls of the wire protocol, with their bodies, problems and the document that describes them."""
