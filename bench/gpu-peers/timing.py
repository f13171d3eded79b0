"""Times on a GPU: by events around many launches, by the clock around one call, and the machine's own ceilings."""

import statistics
import time

import torch


def capture(function, sets):
    """One CUDA graph for each set of inputs, all over one memory pool. Returns what replays each, and its output."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for inputs in sets[:2] * 2:
            function(*inputs)
    torch.cuda.current_stream().wait_stream(stream)
    torch.cuda.synchronize()
    graphs, outputs = [], []
    for inputs in sets:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=graphs[0].pool() if graphs else None):
            outputs.append(function(*inputs))
        graphs.append(graph)
    return graphs, outputs


def by_events(launches, seconds):
    """The median time of a launch in microseconds, when `launches` run one after the other, round and round. A group of
    launches between two events lasts a millisecond or more, so that the events do not show."""
    for launch in launches * 2:
        launch()
    torch.cuda.synchronize()

    def group(rounds):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(rounds):
            for launch in launches:
                launch()
        end.record()
        return begin, end

    begin, end = group(3)
    end.synchronize()
    one_round = begin.elapsed_time(end) / 3
    rounds = max(1, round(1.0 / one_round))
    groups = max(9, min(200, int(seconds * 1e3 / (one_round * rounds))))
    times = []
    for _ in range(groups):
        begin, end = group(rounds)
        end.synchronize()
        times.append(begin.elapsed_time(end) / (rounds * len(launches)) * 1e3)
    return statistics.median(times)


def by_clock(calls, seconds):
    """The median time of a call in microseconds, from before it to when its result can be used. A call waits itself."""
    for call in calls * 2:
        call()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 9:
        for call in calls:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def ceilings():
    """Bytes a second (read plus written) of a large copy, and operations a second of a large half-float product."""
    source = torch.empty(1 << 32, dtype=torch.uint8, device="cuda").random_()
    target = torch.empty_like(source)
    copy = by_events([lambda: target.copy_(source)], 0.3)
    del source, target
    size = 8192
    a, b = (torch.randn(size, size, dtype=torch.float16, device="cuda") for _ in range(2))
    c = torch.empty_like(a)
    product = by_events([lambda: torch.mm(a, b, out=c)], 0.3)
    return {"copy_bytes": 2 * (1 << 32) / copy * 1e6, "gemm_flops": 2 * size ** 3 / product * 1e6}
