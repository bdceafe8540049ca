"""Runs jobs in the isolation `gvisor`: a kernel in user space stands between the program and the machine's."""
