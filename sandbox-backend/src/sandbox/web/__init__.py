"""The process without any privilege: what strangers send comes in here."""
