"""run_commands.py DOCUMENT SCRATCH SOURCE BUILD: runs the commands of a document.

Every block marked `sh` is run by a shell, all in one scratch folder where `examples` and `build` are those of the project.
A block marked `text` after it shows its output: each line must occur in it, in this order, where `...` stands for
anything. Blocks marked `python`, `c` and `cpp` are written to the file that their first line names in a comment.
"""

import os
import re
import subprocess
import sys

document, scratch, source, build = map(os.path.abspath, sys.argv[1:])
for name, target in (("examples", os.path.join(source, "examples")), ("include", os.path.join(source, "include")),
                     ("build", build)):
    os.symlink(target, os.path.join(scratch, name))
environment = dict(os.environ, PATH="/usr/bin:" + os.environ["PATH"])

output = ""
commands = 0
for kind, body in re.findall(r"^```(\w+)\n(.*?)^```$", open(document).read(), re.M | re.S):
    if kind == "sh":
        done = subprocess.run(["sh", "-euc", body], cwd=scratch, env=environment, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        output = done.stdout
        commands += 1
        if done.returncode != 0:
            sys.exit(f"exit status {done.returncode} from\n{body}\n{output}")
    elif kind == "text":
        position = 0
        for line in filter(None, map(str.strip, body.splitlines())):
            pattern = r"\s+".join(re.escape(word).replace(r"\.\.\.", ".*") for word in line.split())
            found = re.compile(pattern).search(output, position)
            if not found:
                sys.exit(f"not in the output: {line}\nthe output was\n{output}")
            position = found.end()
    else:
        name = re.match(r"\W+(\S+)", body).group(1)
        with open(os.path.join(scratch, name), "w") as file:
            file.write(body)
if not commands:
    sys.exit(f"no commands in {document}")
