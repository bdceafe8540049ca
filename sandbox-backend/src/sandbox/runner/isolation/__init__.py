"""The walls that a run can stand behind: crun's namespaces, gVisor's kernel, a virtual machine of its own."""
