"""What the lane `vm` says to others, as pure functions: to QEMU, to the booting kernel, to the first process."""
