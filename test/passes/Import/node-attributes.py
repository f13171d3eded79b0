"""Compares the table of attributes (passes/Import/NodeAttributes.inc) with the schemas of Debian's ONNX, up to its opset."""
import re
import sys

import onnx.defs

text = open(sys.argv[1]).read()
table = {}
for op, since, attributes in re.findall(r'ATTRIBUTES\("([\w.]+)",\s*(\d+),\s*((?:"[^"]*"\s*)+)\)', text):
    declared = " ".join(re.findall(r'"([^"]*)"', attributes)).split()
    table.setdefault(op, []).append((int(since), sorted(declared)))

counts = {}
for op, since, most in re.findall(r'OPERANDS\("(\w+)", (\d+), (\w+)\)', text):
    counts.setdefault(op, []).append((int(since), 2**31 - 1 if most == "many" else int(most)))

newest = onnx.defs.onnx_opset_version()
schemas = {}
for schema in onnx.defs.get_all_schemas_with_history():
    if schema.domain == "" and schema.name in table:
        declared = sorted(
            name + ":" + str(attribute.type).split(".")[1].lower() + ("!" if attribute.required else "")
            for name, attribute in schema.attributes.items())
        schemas.setdefault(schema.name, {})[schema.since_version] = declared

wrong = 0
WITH_SUBGRAPHS = {"If", "Loop", "Scan"}
for schema in onnx.defs.get_all_schemas_with_history():
    if schema.domain == "" and schema.name in table and schema.name not in WITH_SUBGRAPHS:
        most = [count for since, count in counts.get(schema.name, []) if since <= schema.since_version]
        if not most or most[-1] != schema.max_input:
            print(f"{schema.name} in opset {schema.since_version}: the table has {most} operands, the schema {schema.max_input}")
            wrong += 1
for op in sorted(schemas):
    for version, expected in sorted(schemas[op].items()):
        rows = [declared for since, declared in table[op] if since <= version]
        if not rows or rows[-1] != expected:
            print(f"{op} in opset {version}: the table has {rows[-1] if rows else 'no row'}, the schema {expected}")
            wrong += 1
# Operators of other domains have a dot; onnxruntime registers one in the domain of ONNX that ONNX does not have.
OTHERS = {"SimplifiedLayerNormalization"}
for op, rows in sorted(table.items()):
    for since, _ in rows:
        if "." not in op and op not in OTHERS and since <= newest and since not in schemas.get(op, {}):
            print(f"{op}: no schema has the opset {since}")
            wrong += 1
converters = set(re.findall(r'\.add\("([\w.]+)"', "".join(open(name).read() for name in sys.argv[2:])))
for op in sorted(converters - set(table)):
    print(f"{op}: has a converter and no row")
    wrong += 1
print(f"{sum(map(len, schemas.values()))} versions of {len(schemas)} operators compared, {wrong} wrong")
sys.exit(wrong != 0)
