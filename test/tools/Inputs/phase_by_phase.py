"""Compiles models phase by phase, and fails where that gives another engine than one run.

Usage: phase_by_phase.py FOLDER [--each] MODEL...

Each model is compiled for the host in fp32 and for cuda in fp16. With --each a run stops after every phase in turn, once as
text and once as bytecode, and another goes on from there to the end. Without, a chain of runs does one phase each, the
modules between them being text and bytecode by turns.
"""

import concurrent.futures
import os
import subprocess
import sys

PHASES = ["import", "normalize", "optimize", "precision", "fuse", "schedule", "codegen"]
TARGETS = ["--target=host", "--target=cuda --precision=fp16"]
# Machine code for GPUs follows from the PTX and takes most of the time.
ENVIRONMENT = {**os.environ, "PATH": os.pathsep.join(
    folder for folder in os.environ["PATH"].split(os.pathsep) if not os.path.exists(os.path.join(folder, "ptxas")))}


def compile_model(source, target, output, *options):
    done = subprocess.run(["reckon-compile", source, "-o", output, *target.split(), *options], env=ENVIRONMENT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{source} {target} {' '.join(options)}: exit code {done.returncode}\n{done.stdout}")


def stop_after(source, target, output, phase, bytecode, *options):
    compile_model(source, target, output, f"--stop-after={phase}", *(["--emit-bytecode"] if bytecode else []), *options)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def check_each(model, target, stem):
    """The phases behind which going on gives another engine."""
    whole, engine, module = stem + ".rkn", stem + ".again.rkn", stem + ".module"
    compile_model(model, target, whole)
    for phase in PHASES:
        for bytecode in (False, True):
            stop_after(model, target, module, phase, bytecode)
            compile_model(module, target, engine, f"--start-after={phase}")
            if read(engine) != read(whole):
                yield f"{phase}, {'bytecode' if bytecode else 'text'}"


def check_chain(model, target, stem):
    whole, engine, source = stem + ".rkn", stem + ".again.rkn", model
    compile_model(model, target, whole)
    start = []
    for index, phase in enumerate(PHASES):
        module = f"{stem}.{phase}"
        stop_after(source, target, module, phase, index % 2 == 1, *start)
        source, start = module, [f"--start-after={phase}"]
    compile_model(source, target, engine, *start)
    if read(engine) != read(whole):
        yield "all phases, one by one"


def main():
    folder, *models = sys.argv[1:]
    check = check_each if "--each" in models else check_chain
    models = [model for model in models if model != "--each"]
    os.makedirs(folder, exist_ok=True)
    jobs = [(model, target, os.path.join(folder, f"{m}-{t}"))
            for m, model in enumerate(models) for t, target in enumerate(TARGETS)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda job: list(check(*job)), jobs))
    for (model, target, _), differences in zip(jobs, results):
        for difference in differences:
            print(f"{model} {target}: another engine after {difference}")
    print(f"{len(jobs)} compilations, {sum(map(len, results))} differ")
    return 1 if any(results) else 0


if __name__ == "__main__":
    sys.exit(main())
