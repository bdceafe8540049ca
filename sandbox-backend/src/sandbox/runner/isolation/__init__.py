"""Holds the isolations that a run can ask for: crun's namespaces, gVisor's kernel, a virtual machine of its own."""
