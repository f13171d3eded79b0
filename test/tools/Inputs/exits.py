"""exits.py STATUS COMMAND ...: runs a command, prints all it says, and succeeds when it exits with that status."""

import subprocess
import sys

done = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
print(done.stdout)
if done.returncode != int(sys.argv[1]):
    sys.exit(f"exit status {done.returncode} where {sys.argv[1]} was expected\n{done.stdout}")
