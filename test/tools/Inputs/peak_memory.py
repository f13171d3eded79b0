"""peak_memory.py MEGABYTES COMMAND ...: runs a command, and fails when it fails or had more memory at a time."""

import resource
import subprocess
import sys

status = subprocess.run(sys.argv[2:]).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{used:.0f} MB at most")
sys.exit(status or used > float(sys.argv[1]))
