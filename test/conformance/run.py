#!/usr/bin/python3
"""Compiles and runs ONNX's own node tests (Debian's libonnx-testdata) and counts what came out.

  test/conformance/run.py [--build=build] [--filter=REGEX] [--update]
  test/conformance/run.py --compile-for=cuda [--sample=N]     only compiles, what the host runs must compile; every N-th test

Each test ends as
  passed        compiled, ran, and gave the expected outputs
  unsupported   refused by reckon-compile with exit code 3
  wrong         ran, and gave other outputs
  crashed       anything else: a signal, a time-out, an exit code that the situation does not call for
  excluded      listed in excluded.txt, with what is wrong with the test
Tests give counts, axes and shapes as graph inputs, which the compiler must know: those that it asks for are made constants
(--freeze-input) from the test's data, and left out of the data that the engine runs on.
A test listed in expected.txt that does not pass is `unexpected`, and so is one whose operators are all promised
(operators.txt) unless outside.txt gives a reason why it is refused. --update rewrites expected.txt, and the table of
docs/onnx-support.md, from what passed. The last line is the count; the exit status is 1 when there is a wrong, crashed or
unexpected one, or when the page does not show the outcomes.
"""

import argparse
import collections
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
EXPECTED = os.path.join(HERE, "expected.txt")
EXCLUDED = os.path.join(HERE, "excluded.txt")
OUTSIDE = os.path.join(HERE, "outside.txt")
PROMISED = os.path.join(HERE, "operators.txt")
SUPPORT = os.path.join(ROOT, "docs", "onnx-support.md")
BEGIN, END = "<!-- begin: written by test/conformance/run.py --update -->", "<!-- end -->"
# ONNX's own backend runner compares with rtol 1e-3 and atol 1e-7; the same relative bound, absolute for float32 noise.
RTOL, ATOL = "1e-3", "1e-6"


def step(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=120)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        return "timed out", ""


def compile_model(folder, bin_dir, engine, target="host"):
    """Compiles the model, freezing the inputs that the compiler asks for: ONNX's tests give axes and shapes as inputs.
    Returns the exit status, what was said, and the positions of the frozen inputs."""
    command = [os.path.join(bin_dir, "reckon-compile"), os.path.join(folder, "model.onnx"), "-o", engine,
               f"--target={target}"]
    frozen = set()
    while True:
        status, output = step(command)
        asked = {name for names in re.findall("freeze the inputs? (.*?) with --freeze-input", output)
                 for name in re.findall("'(.*?)'", names)}
        if status != 3 or not asked:
            return status, output, frozen
        names = inputs(folder)
        new = {names.index(name) for name in asked} - frozen
        if not new:
            return status, output, frozen
        frozen |= new
        for position in sorted(new):
            value = os.path.join(folder, "test_data_set_0", f"input_{position}.pb")
            command.append(f"--freeze-input={names[position]}={value}")


def without_inputs(folder, frozen, scratch):
    """A folder with the same test data but the frozen inputs; the others move up."""
    if not frozen:
        return folder
    for data in os.listdir(folder):
        if not data.startswith("test_data_set_"):
            continue
        os.mkdir(os.path.join(scratch, data))
        position = 0
        for file in sorted(os.listdir(os.path.join(folder, data)), key=lambda name: (len(name), name)):
            target = file
            if file.startswith("input_"):
                if int(file[len("input_"):-len(".pb")]) in frozen:
                    continue
                target = f"input_{position}.pb"
                position += 1
            os.symlink(os.path.join(folder, data, file), os.path.join(scratch, data, target))
    return scratch


def run_test(folder, bin_dir):
    """The outcome of one test and what was said about it."""
    with tempfile.TemporaryDirectory() as scratch:
        engine = os.path.join(scratch, "test.rkn")
        status, output, frozen = compile_model(folder, bin_dir, engine)
        if status == 3:
            return "unsupported", output
        if status != 0:
            return "crashed", f"reckon-compile: {status}\n{output}"
        status, output = step([os.path.join(bin_dir, "reckon-run"), engine, "--threads=2", f"--rtol={RTOL}",
                               f"--atol={ATOL}", "--onnx-test-data", without_inputs(folder, frozen, scratch)])
        if status == 0:
            return "passed", ""
        return ("wrong", output) if status == 1 else ("crashed", f"reckon-run: {status}\n{output}")


def compile_test(folder, bin_dir, target):
    """The outcome of compiling one test for a device that need not be there."""
    with tempfile.TemporaryDirectory() as scratch:
        status, output, _ = compile_model(folder, bin_dir, os.path.join(scratch, "test.rkn"), target)
    outcome = {0: "passed", 3: "unsupported"}.get(status, "crashed")
    return outcome, "" if outcome == "passed" else f"reckon-compile: {status}\n{output}"


def compile_all(folders, bin_dir, target, jobs):
    """Every test must compile. The exit status."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        outcomes = dict(zip(folders, pool.map(lambda folder: compile_test(folder, bin_dir, target), folders.values())))
    count = collections.Counter(outcome for outcome, _ in outcomes.values())
    for name, (outcome, said) in outcomes.items():
        if outcome != "passed":
            print(f"{outcome}: {name}\n    " + "\n    ".join(said.rstrip().splitlines()[-12:]))
    print(f"{count['passed']} compiled for {target}, {count['unsupported']} unsupported, {count['crashed']} crashed")
    return 1 if count["passed"] != len(outcomes) else 0


def inputs(folder):
    """The graph inputs of a test's model that are no initializers."""
    import onnx
    graph = onnx.load(os.path.join(folder, "model.onnx")).graph
    initializers = {tensor.name for tensor in graph.initializer}
    return [value.name for value in graph.input if value.name not in initializers]


def operators(folder):
    import onnx
    graph = onnx.load(os.path.join(folder, "model.onnx")).graph
    return sorted({node.op_type for node in graph.node})


def read_pairs(path):
    """The lines `name: text` of a file, in order."""
    with open(path) as file:
        return dict(line.rstrip("\n").split(": ", 1) for line in file if not line.startswith("#"))


def broken_promises(outcomes, used, outside):
    """Tests of promised operators that neither pass nor are excused, and excuses of tests that pass or do not exist."""
    promised = set(" ".join(read_pairs(PROMISED).values()).split())
    broken = [name for name, (outcome, _) in outcomes.items()
              if outcome == "unsupported" and name not in outside and set(used[name]) <= promised]
    stale = [name for name in outside if name in outcomes and outcomes[name][0] != "unsupported"]
    return broken, stale


def support_text(outcomes, used, excluded, outside):
    """docs/onnx-support.md with its tables as these outcomes have them."""
    passed, total = collections.Counter(), collections.Counter()
    for name, (outcome, _) in outcomes.items():
        # A test is named after the operator under test; a graph of several nodes (an expanded function) counts for each.
        for operator in used[name]:
            total[operator] += 1
            passed[operator] += outcome == "passed"
    count = collections.Counter(outcome for outcome, _ in outcomes.values())
    lines = [BEGIN, "", f"{count['passed']} of {len(outcomes)} node tests pass, {count['unsupported']} are refused as "
             f"unsupported, {count['wrong']} give a wrong answer, {count['crashed']} crash. {excluded} more are left out, for "
             "what is wrong with them (test/conformance/excluded.txt).", "",
             "### What is promised", "",
             "Of these operators (test/conformance/operators.txt) every node test passes, but for those refused for the "
             "reason given. A test counts once in its group, and only when all of its operators are promised.", "",
             "| group | pass | tests | refused |", "|---|---|---|---|"]
    groups = {group: names.split() for group, names in read_pairs(PROMISED).items()}
    promised = {name for names in groups.values() for name in names}
    for group, names in groups.items():
        tests = [name for name in outcomes if set(used[name]) & set(names) and set(used[name]) <= promised]
        refused = collections.Counter(outside[name] for name in tests if name in outside)
        lines.append(f"| {group} | {sum(outcomes[name][0] == 'passed' for name in tests)} | {len(tests)} | " +
                     ", ".join(f"{number}: {reason}" for reason, number in sorted(refused.items())) + " |")
    lines += ["", "### By operator", "", "| operator | pass | tests |", "|---|---|---|"]
    lines += [f"| {name} | {passed[name]} | {total[name]} |" for name in sorted(total) if passed[name]]
    none = sorted(name for name in total if not passed[name])
    lines += ["", "No test passes for: " + ", ".join(none) + ".", "", END]
    text = open(SUPPORT).read()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return before + "\n".join(lines) + after


def update(outcomes, support):
    with open(EXPECTED, "w") as out:
        out.write("\n".join(sorted(name for name, (outcome, _) in outcomes.items() if outcome == "passed")) + "\n")
    with open(SUPPORT, "w") as out:
        out.write(support)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build"), help="the build folder")
    parser.add_argument("--data", default="/usr/share/libonnx-testdata/data/node", help="the folder of test_* folders")
    parser.add_argument("--filter", default="", help="only tests whose name this regular expression finds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--update", action="store_true", help="rewrite expected.txt and docs/onnx-support.md")
    parser.add_argument("--list", action="store_true", help="print every test's outcome")
    parser.add_argument("--compile-for", metavar="TARGET", help="only compile the tests of expected.txt, for this target")
    parser.add_argument("--sample", type=int, default=1, help="with --compile-for: only every N-th test")
    arguments = parser.parse_args()
    if not os.path.isdir(arguments.data):
        print(f"no folder {arguments.data}: install libonnx-testdata")
        return 4

    excluded, outside = read_pairs(EXCLUDED), read_pairs(OUTSIDE)
    folders = {name: os.path.join(arguments.data, name) for name in sorted(os.listdir(arguments.data))
               if re.search(arguments.filter, name) and name not in excluded}
    bin_dir = os.path.join(arguments.build, "bin")
    if arguments.compile_for:
        names = [name for name in open(EXPECTED).read().split() if name in folders][::arguments.sample]
        return compile_all({name: folders[name] for name in names}, bin_dir, arguments.compile_for, arguments.jobs)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = pool.map(lambda folder: run_test(folder, bin_dir), folders.values())
        outcomes = dict(zip(folders, results))

    used = {name: operators(folder) for name, folder in folders.items()}
    if arguments.update:
        if arguments.filter:
            parser.error("--update wants all tests: drop --filter")
        update(outcomes, support_text(outcomes, used, len(excluded), outside))
    expected = set(open(EXPECTED).read().split()) if os.path.exists(EXPECTED) else set()
    broken, stale = broken_promises(outcomes, used, outside)
    unexpected = [name for name, (outcome, _) in outcomes.items()
                  if name in broken or (name in expected and outcome == "unsupported")]
    for name, (outcome, said) in outcomes.items():
        if outcome in ("wrong", "crashed") or name in unexpected:
            print(f"{outcome}: {name}\n    " + "\n    ".join(said.rstrip().splitlines()[-12:]))
        elif arguments.list:
            print(f"{outcome}: {name}")
    new = [name for name, (outcome, _) in outcomes.items() if outcome == "passed" and name not in expected]
    if new:
        print(f"{len(new)} pass that expected.txt does not list: run with --update")
    if stale:
        print("outside.txt excuses tests that pass: " + " ".join(stale))
    is_stale = (not arguments.filter and
                open(SUPPORT).read() != support_text(outcomes, used, len(excluded), outside))
    if is_stale:
        print("docs/onnx-support.md does not show these outcomes: run with --update")
    count = collections.Counter(outcome for outcome, _ in outcomes.values())
    print(f"{count['passed']} passed, {count['unsupported']} unsupported, {count['wrong']} wrong, "
          f"{count['crashed']} crashed, {len(unexpected)} unexpected, {len(excluded)} excluded")
    return 1 if count["wrong"] or count["crashed"] or unexpected or stale or is_stale else 0


if __name__ == "__main__":
    sys.exit(main())
