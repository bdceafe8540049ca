"""Linux as this project needs it: the calls that Python does not offer, and the processes that are confined with them.

Nothing here knows of Docker, containers or the web.
"""
