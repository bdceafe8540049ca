"""What happens to one command line: whose turn it is, on which Docker host, what the runner is asked, what is sent."""
