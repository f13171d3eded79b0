"""wrap.py FILE PROGRAM ARGUMENT ...: makes FILE a program that runs PROGRAM with more arguments after its own."""

import os
import shlex
import sys

path, *command = sys.argv[1:]
with open(path, "w") as file:
    file.write(f'#!/bin/sh\nexec {shlex.quote(command[0])} "$@" {shlex.join(command[1:])}\n')
os.chmod(path, 0o755)
