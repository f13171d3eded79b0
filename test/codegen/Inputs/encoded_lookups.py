"""Lookups of tables whose rows are in an encoding: modules, rows and what they must give.

  encoded_lookups.py SCRATCH ENCODING      compiles, runs on the host, compares with rows decoded by numpy
  encoded_lookups.py SCRATCH ENCODING gpu  compiles for GPUs alone

Each module is a function of this file that gives its text and its outputs as functions of the inputs.
"""

import os
import re
import subprocess
import sys

import numpy as np

ROWS = 37
POLICY = '{{out_of_range = #rec<out_of_range {}>{}}}'
# Rows by the encoding: (head and elements) -> bytes of a row, and decoded.
ENCODINGS = {"int8_fbgemm": lambda head, stored: (np.concatenate([head.view(np.uint8), stored], axis=1),
                                                  head[:, :1].astype(np.float32) * stored + head[:, 1:].astype(np.float32))}


def make_table(encoding, dim, seed):
    """The bytes of the rows and the rows decoded."""
    random = np.random.default_rng(seed)
    head = np.stack([random.uniform(-0.02, 0.02, ROWS), random.uniform(-2, 2, ROWS)], axis=1).astype(np.float16)
    return ENCODINGS[encoding](head, random.integers(0, 256, (ROWS, dim), dtype=np.uint8))


def pool(rows, mode, weights=None):
    if len(rows) == 0:
        return np.zeros(rows.shape[1], np.float32)
    if weights is not None:
        rows = rows * weights[:, None]
    return {"sum": rows.sum(axis=0), "mean": rows.mean(axis=0), "max": rows.max(axis=0)}[mode]


def look_up(table, ids, policy):
    """Rows by id; those of `zero` outside the table are zeros."""
    inside = (ids >= 0) & (ids < ROWS)
    rows = table[np.clip(ids, 0, ROWS - 1)]
    return rows if policy == "clamp" else np.where(inside[..., None], rows, 0)


class Module:
    def __init__(self, encoding):
        self.encoding, self.body, self.results, self.tables = encoding, [], {}, {}

    def table(self, dim):
        number = len(self.tables)
        name, kind = f"table.{number}", f"tensor<{ROWS}x{dim}xf32>"
        self.tables[name] = make_table(self.encoding, dim, number)
        # Equal constants would be one.
        self.body.append(f'  %t{number} = rec.constant "{name}" = dense<{number}.0> : {kind}')
        return f"%t{number}", kind, self.tables[name][1]

    def op(self, text, operands, shape, expected=None):
        """`text` with the values of operands, a list of (value, type); the result's value and type."""
        value, dims = f"%v{len(self.body)}", ", ".join(f'"{size}"' if isinstance(size, str) else str(size) for size in shape)
        kind = f"tensor<{'x'.join('?' if isinstance(size, str) else str(size) for size in shape)}xf32, #rec.dims<{dims}>>"
        self.body.append(f"  {value} = {text} : ({', '.join(kind for _, kind in operands)}) -> {kind}")
        if expected is not None:
            self.results[f"out{len(self.results)}"] = (value, kind, expected)
        return value, kind

    def inputs(self):
        """Those of INPUTS that an op reads."""
        return [name for name in INPUTS if re.search(rf"%{name}\b", "\n".join(self.body))]

    def text(self):
        arguments = ", ".join(f'%{name}: {INPUTS[name]} {{rec.name = "{name}"}}' for name in self.inputs())
        kinds = [kind for _, kind, _ in self.results.values()]
        results = ", ".join(f'{kind} {{rec.name = "{name}"}}' for name, kind in zip(self.results, kinds))
        values = ", ".join(value for value, _, _ in self.results.values())
        return (f"func.func @main({arguments})\n    -> ({results}) {{\n" + "\n".join(self.body) +
                f"\n  return {values} : {', '.join(kinds)}\n}}\n")


INPUTS = {"ids": 'tensor<?x6xi64, #rec.dims<"batch", 6>>', "flat": 'tensor<?xi32, #rec.dims<"nnz">>',
          "offsets": 'tensor<?xi32, #rec.dims<"batch">>', "weights": 'tensor<?x6xf32, #rec.dims<"batch", 6>>',
          "scales": 'tensor<?xf32, #rec.dims<"nnz">>', "dense": 'tensor<?x16xf32, #rec.dims<"batch", 16>>'}


def every_dim(encoding):
    """One lookup of tables of 1 to 130 columns, single rows and bags in turn, and ids outside the tables."""
    module, modes, starts, counts, paddings, tables = Module(encoding), [], [], [], [], []
    for dim in range(1, 131):
        tables.append(module.table(dim))
        starts.append(dim % 4)
        counts.append(1 if dim % 4 == 3 else 1 + dim % 3)
        modes.append(dim // 2 % 3)
        paddings.append(5 if dim % 5 == 0 else -1)

    def expected(ids, **_):
        columns = []
        for (_, _, rows), start, count, mode, padding in zip(tables, starts, counts, modes, paddings):
            bags = [bag[(bag != padding) | (padding < 0)] for bag in ids[:, start:start + count]]
            columns.append([pool(look_up(rows, bag, "zero"), ("sum", "mean", "max")[mode]) for bag in bags])
        return np.concatenate([np.array(column) for column in columns], axis=1)

    module.op(f"rec.multi_lookup %ids[{', '.join(name for name, _, _ in tables)}] starts {starts} counts {counts} modes "
              f"{modes} padding_ids {paddings} {{out_of_range = #rec<out_of_range zero>}}",
              [("%ids", INPUTS["ids"])] + [(name, kind) for name, kind, _ in tables], ("batch", 130 * 131 // 2), expected)
    return module


def every_form(encoding):
    """Rows, bags in both forms, weights, padding, policies, and what lookups are fused with."""
    module = Module(encoding)
    ids, flat, offsets = ("%ids", INPUTS["ids"]), ("%flat", INPUTS["flat"]), ("%offsets", INPUTS["offsets"])
    for dim in (1, 2, 3, 4, 7, 8, 16, 33, 64, 129):
        name, kind, rows = module.table(dim)
        table = (name, kind)
        module.op(f"rec.embedding {name}, %ids {POLICY.format('clamp', '')}", [table, ids], ("batch", 6, dim),
                  lambda ids, rows=rows, **_: look_up(rows, ids, "clamp"))
        module.op(f"rec.embedding_bag sum {name}, %ids weights %weights {POLICY.format('zero', ', padding_id = 3 : i64')}",
                  [table, ids, ("%weights", INPUTS["weights"])], ("batch", dim),
                  lambda ids, weights, rows=rows, **_: np.stack(
                      [pool(look_up(rows, bag, "zero")[bag != 3], "sum", w[bag != 3]) for bag, w in zip(ids, weights)]))
        for mode in ("mean", "max"):
            def bags(flat, offsets, rows=rows, mode=mode, **_):
                ends = np.append(offsets[1:], len(flat))
                return np.stack([pool(look_up(rows, flat[a:b], "clamp"), mode) for a, b in zip(offsets, ends)])
            module.op(f"rec.embedding_bag {mode} {name}, %flat offsets %offsets {POLICY.format('clamp', '')}",
                      [table, flat, offsets], ("batch", dim), bags)

        def scaled(flat, offsets, scales, rows=rows, **_):
            ends = np.append(offsets[1:], len(flat))
            return np.stack([pool(look_up(rows, flat[a:b], "zero"), "sum", scales[a:b]) for a, b in zip(offsets, ends)])
        module.op(f"rec.embedding_bag sum {name}, %flat offsets %offsets weights %scales {POLICY.format('zero', '')}",
                  [table, flat, offsets, ("%scales", INPUTS["scales"])], ("batch", dim), scaled)
    add_networks(module, ids)
    return module


def add_networks(module, ids):
    """A dense tower that lookups end up in the same kernel with: products of features, and a linear layer."""
    (a, a_kind, a_rows), (c, c_kind, c_rows) = module.table(16), module.table(16)
    zero = POLICY.format("zero", "")
    first = module.op(f"rec.embedding_bag sum {a}, %ids {zero}", [(a, a_kind), ids], ("batch", 16))
    second = module.op(f"rec.embedding_bag max {c}, %ids {zero}", [(c, c_kind), ids], ("batch", 16))
    joined = module.op(f"rec.concat %dense, {first[0]}, {second[0]} axis 1", [("%dense", INPUTS["dense"]), first, second],
                       ("batch", 48))
    module.body.append(f'  %cube = rec.reshape {joined[0]} : ({joined[1]}) -> '
                       'tensor<?x3x16xf32, #rec.dims<"batch", 3, 16>>')

    def features(ids, dense, **_):
        return np.stack([dense, look_up(a_rows, ids, "zero").sum(axis=1), look_up(c_rows, ids, "zero").max(axis=1)], axis=1)

    def products(**inputs):
        cube = features(**inputs)
        return np.stack([(cube[:, i] * cube[:, j]).sum(axis=1) for i in range(3) for j in range(i)], axis=1)

    module.op("rec.dot_interaction lower %cube", [("%cube", 'tensor<?x3x16xf32, #rec.dims<"batch", 3, 16>>')], ("batch", 3),
              products)
    matrix = np.arange(48 * 5).reshape(48, 5) % 7 / 8 - 0.375
    module.body.append(f"  %w = rec.constant \"w\" = dense<{matrix.tolist()}> : tensor<48x5xf32>")
    module.op(f"rec.linear {joined[0]}, %w", [joined, ("%w", "tensor<48x5xf32>")], ("batch", 5),
              lambda **inputs: features(**inputs).reshape(-1, 48) @ matrix)


def make_inputs(batch, random):
    """Ids of which some are outside the tables; bags of which some are empty."""
    nnz = 4 * batch
    offsets = np.sort(random.integers(0, nnz + 1, batch)).astype(np.int32)
    offsets[:1] = 0
    return {"ids": random.integers(-3, ROWS + 3, (batch, 6)), "flat": random.integers(-3, ROWS + 3, nnz).astype(np.int32),
            "offsets": offsets, "weights": random.standard_normal((batch, 6)).astype(np.float32),
            "scales": random.standard_normal(nnz).astype(np.float32),
            "dense": random.standard_normal((batch, 16)).astype(np.float32)}


MODULES = {"every-dim": every_dim, "every-form": every_form}


def write(module, path):
    """Writes the module; the flags of reckon-compile that give its tables their format."""
    with open(path, "w") as file:
        file.write(module.text())
    return [f"--table-format={name}={module.encoding}" for name in module.tables]


def check(name, module, scratch, flags):
    engine, folder = os.path.join(scratch, name + ".rkn"), os.path.join(scratch, name)
    subprocess.run(["reckon-compile", os.path.join(scratch, name + ".mlir"), "-o", engine, *flags], check=True,
                   stdout=subprocess.DEVNULL)
    os.makedirs(folder, exist_ok=True)
    arguments = []
    for table, (rows, _) in module.tables.items():
        rows.tofile(os.path.join(folder, table))
        arguments += ["--table", f"{table}={os.path.join(folder, table)}"]
    for batch in (1, 29):
        inputs = make_inputs(batch, np.random.default_rng(batch))
        for key, value in inputs.items():
            np.save(os.path.join(folder, key + ".npy"), value)
        files = [f"--input={key}={os.path.join(folder, key)}.npy" for key in module.inputs()]
        subprocess.run(["reckon-run", engine, *arguments, *files, "--output-dir", folder], check=True,
                       stdout=subprocess.DEVNULL)
        for key, (_, _, expected) in module.results.items():
            got, want = np.load(os.path.join(folder, key + ".npy")), expected(**inputs)
            # Sums of six elements of up to 7 in single precision.
            np.testing.assert_allclose(got, want, rtol=2e-5, atol=2e-5, err_msg=f"{name}, {key}, batch {batch}")
    print(f"{name}: {len(module.tables)} tables, {len(module.results)} outputs agree")


def main():
    scratch, encoding, *gpu = sys.argv[1:]
    os.makedirs(scratch, exist_ok=True)
    for name, make in MODULES.items():
        module = make(encoding)
        path = os.path.join(scratch, name + ".mlir")
        flags = write(module, path)
        if not gpu:
            check(name, module, scratch, flags)
            continue
        for precision, arch in (("fp32", "sm_90a"), ("fp16", "sm_80"), ("bf16", "sm_90a")):
            subprocess.run(["reckon-compile", path, "-o", os.path.join(scratch, name + ".rkn"), f"--target=cuda:{arch}",
                            f"--precision={precision}", *flags], check=True, stdout=subprocess.DEVNULL)
        print(f"{name}: compiled")


if __name__ == "__main__":
    main()
