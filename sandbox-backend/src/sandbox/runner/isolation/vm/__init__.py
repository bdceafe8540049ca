"""The isolation `vm`: a virtual machine that QEMU runs inside a container, and the container inside that machine."""
