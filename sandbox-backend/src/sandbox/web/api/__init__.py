"""The calls of the wire protocol, their bodies and errors, and the document that describes them."""
