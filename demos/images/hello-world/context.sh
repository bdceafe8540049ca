#!/bin/sh
# Compiles the one file of the image into the folder $1.
set -eu
umask 022
exec gcc -std=c11 -Os -Wall -Wextra -Werror -static -nostdlib -ffreestanding -fno-stack-protector \
  -fno-asynchronous-unwind-tables -Wl,--build-id=none,-z,noseparate-code -s -o "$1/hello" hello.c
