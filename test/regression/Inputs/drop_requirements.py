"""drop_requirements.py MODULE: prints the module of a plan without the requirements of its program."""

import re
import sys

with open(sys.argv[1]) as file:
    text = file.read()
entry = r'requirements = \[(?:#rec\.requirement<(?:[^">]|"[^"]*"|<[^>]*>)*>(?:, )?)*\]'
text, count = re.subn(rf"{entry}, |, {entry}|{entry}", "", text)
if count != 1:
    sys.exit(f"{sys.argv[1]}: {count} lists of requirements, expected one")
sys.stdout.write(text)
