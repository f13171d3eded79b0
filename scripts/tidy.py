#!/usr/bin/python3
"""Runs clang-tidy with the checks of .clang-tidy. The last line is `N passed, N failed`.

  scripts/tidy.py [--build=build] [--all] [FILE ...]

A file over MLIR takes some ten seconds to check, all of them half an hour. Without --all, the runtime's side (lib/Engine,
runtime, the tools over it) is checked whole, the compiler's side where it differs from the merge base with origin/main,
or from the previous commit. A file that passed is not checked again until it, a header of ours or the checks change.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ALWAYS = ("lib/Engine/", "runtime/", "tools/reckon-run/", "tools/reckon-bench/", "tools/reckon-inspect/", "tools/reckon-share/", "tools/reckon-sign/",
          "tools/reckon-update/", "tools/reckon-tune/", "tools/reckon-diff/")


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout.split() if done.returncode == 0 else []


def changed_files():
    head = git("rev-parse", "HEAD")
    base = git("merge-base", "origin/main", "HEAD") or head
    if base == head:
        base = git("rev-parse", "HEAD~1")
    return set(git("diff", "--name-only", *base) + git("ls-files", "-o", "--exclude-standard"))


def digest(*paths):
    value = hashlib.sha256()
    for path in paths:
        with open(os.path.join(ROOT, path), "rb") as file:
            value.update(path.encode() + b"\0" + file.read())
    return value.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="the build folder with compile_commands.json")
    parser.add_argument("--all", action="store_true", help="every file")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("files", nargs="*", help="these files")
    arguments = parser.parse_args()

    with open(os.path.join(ROOT, arguments.build, "compile_commands.json")) as database:
        entries = json.load(database)
    compiled = {os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT) for entry in entries}
    compiled = sorted(path for path in compiled if not path.startswith(("..", arguments.build)))
    if arguments.files:
        wanted = [path for path in compiled if path in {os.path.relpath(f, ROOT) for f in arguments.files}]
    elif arguments.all:
        wanted = compiled
    else:
        changed = changed_files()
        wanted = [path for path in compiled if path.startswith(ALWAYS) or path in changed]

    # A pass is remembered under what it depended on: the file, our headers, the checks.
    stamps = os.path.join(ROOT, arguments.build, "tidy")
    os.makedirs(stamps, exist_ok=True)
    common = digest(".clang-tidy", *sorted(git("ls-files", "*.h", "*.td", "*.fbs")))

    def check(path):
        stamp = os.path.join(stamps, hashlib.sha256((common + digest(path)).encode()).hexdigest())
        if os.path.exists(stamp):
            return path, True, ""
        done = subprocess.run(["clang-tidy-22", "--quiet", "-p", arguments.build, path], cwd=ROOT, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        if done.returncode == 0:
            open(stamp, "w").close()
        return path, done.returncode == 0, done.stdout

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for path, passed, output in pool.map(check, wanted):
            if not passed:
                failed += 1
                print(f"{path}:\n{output}", flush=True)
    print(f"{len(wanted) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
