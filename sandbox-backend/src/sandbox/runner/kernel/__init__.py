"""What the kernel gives to runs and must take back: control groups, root file systems, disks, bridges, id ranges."""
