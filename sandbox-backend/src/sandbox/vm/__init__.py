"""What the lane `vm` says to others, as pure functions: to QEMU, to the kernel that boots, to the first process in it."""
