"""links.py ROOT: checks the links between the Markdown pages below a folder; prints those that lead nowhere."""

import functools
import os
import re
import subprocess
import sys

ROOT = sys.argv[1]


def pages():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "*.md"], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)
    return sorted(set(listed.stdout.split())) or [file for file in os.listdir(ROOT) if file.endswith(".md")]


def prose(path):
    """The lines of a page with those of code blocks empty, so that numbers of lines stay."""
    code = False
    for line in open(os.path.join(ROOT, path)):
        fence = line.lstrip().startswith("```")
        code ^= fence
        yield "" if code or fence else line.rstrip("\n")


@functools.lru_cache(maxsize=None)
def anchors(path):
    """Headings as GitHub spells them: lower case, no punctuation, dashes for blanks; a repeated one gets a number."""
    found = set()
    for line in prose(path):
        heading = re.match(r"#+ (.*)", line)
        if heading:
            text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading.group(1)).strip().lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            count = sum(1 for other in found if re.fullmatch(re.escape(slug) + r"(-\d+)?", other))
            found.add(f"{slug}-{count}" if slug in found else slug)
    return found


wrong = 0
for page in pages():
    for number, line in enumerate(prose(page), 1):
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            if re.match(r"\w+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(os.path.join(ROOT, file)):
                print(f"{page}:{number}: no file {file}")
            elif anchor and file.endswith(".md") and anchor not in anchors(file):
                print(f"{page}:{number}: no heading '#{anchor}' in {file}")
            else:
                continue
            wrong += 1
sys.exit(1 if wrong else 0)
