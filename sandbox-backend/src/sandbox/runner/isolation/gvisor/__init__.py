"""The isolation `gvisor`: runsc, a kernel in user space between the program and the machine's."""
