"""The whole backend in a small Linux under QEMU, for machines where no containers may be made.

As Docker Desktop does on macOS and Windows. Nothing of it needs a privilege: a system is put together from packages
(`system`), booted (`booted`) and reached through one port (`relay`); pages are there from the first moment (`serve`).
"""
