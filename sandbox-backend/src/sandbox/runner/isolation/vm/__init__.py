"""Runs jobs in the isolation `vm`: QEMU runs a virtual machine inside a container, which has the job's container."""
