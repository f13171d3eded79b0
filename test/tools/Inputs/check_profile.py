"""check_profile.py FILE: whether a profile of small.onnx at batches 1 and 9, with peaks of 10 GB/s and 100 GFLOP/s, adds up."""

import json
import sys

with open(sys.argv[1]) as file:
    profile = json.load(file)
assert profile["device"] == "host" and profile["peaks"]["gflops"] == 100
for result, batch in zip(profile["results"], (1, 9), strict=True):
    assert result["batch"] == batch
    dispatch, = result["dispatches"]
    assert dispatch["nodes"] == ["gemm", "relu"] and dispatch["rows"] == batch and dispatch["threads"] == 1
    # x and y in rows, the weight and the bias, which are stored in whole panels.
    assert dispatch["bytes"] >= 4 * (batch * (3 + 4) + 3 * 4 + 4), dispatch["bytes"]
    assert dispatch["operations"] >= 2 * 3 * 4 * batch
    floor = max(dispatch["bytes"] / 10e9, dispatch["operations"] / 100e9) * 1e6
    assert abs(dispatch["floor_us"] - floor) < 1e-6 * floor + 1e-9
    time = dispatch["time_us"]
    assert 0 < time["min"] <= time["median"] <= time["max"] and time["runs"] >= 5
    assert abs(dispatch["floor_share"] - floor / time["median"]) < 1e-3
    assert time["median"] <= result["total_us"]["max"]
spans = [event for event in profile["traceEvents"] if event["ph"] == "X"]
assert {event["pid"] for event in spans} == {1, 2}
assert all(event["dur"] >= 0 and event["ts"] >= 0 for event in spans)
assert {event["args"]["name"] for event in profile["traceEvents"] if event["name"] == "process_name"} == {"batch 1", "batch 9"}
