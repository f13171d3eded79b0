"""Tensors on a GPU. Needs torch, a GPU and an engine of models.make_lookup() for it: compiled here, or the file RECKON_GPU_ENGINE."""

import os
import time
import unittest

import numpy as np

import reckon

try:
    import torch
except ImportError:
    torch = None

ENGINE = os.environ.get("RECKON_GPU_ENGINE")
REASON = ("no torch" if torch is None else "no GPU" if not torch.cuda.is_available() else None)


@unittest.skipIf(REASON, REASON)
class Gpu(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if ENGINE:
            cls.engine = reckon.load(ENGINE, device="cuda")
        else:
            import models

            cls.engine = reckon.compile(models.make_lookup(), target="cuda")
        cls.table = torch.arange(21, dtype=torch.float32, device="cuda").reshape(7, 3)

    def make(self, batch, seed=0):
        generator = torch.Generator(device="cuda").manual_seed(seed)
        return {"x": torch.randn(batch, 3, device="cuda", generator=generator),
                "ids": torch.randint(0, 7, (batch,), device="cuda", generator=generator)}

    def check(self, inputs, results):
        expected = torch.relu(self.table[inputs["ids"]] + inputs["x"])
        torch.cuda.synchronize()
        self.assertTrue(torch.equal(results["y"], expected))
        self.assertTrue(torch.equal(results["next"], inputs["ids"] + 1))

    def test_tensors_in_and_out(self):
        for batch in (1, 2, 1000, 65536):
            inputs = self.make(batch)
            results = self.engine.run(inputs)
            self.assertEqual(results["y"].device, inputs["x"].device)
            self.check(inputs, results)
        y, _ = self.engine(**inputs)
        self.assertEqual(y.shape, (65536, 3))

    def test_arrays_on_the_host(self):
        inputs = self.make(100)
        results = self.engine.run({name: tensor.cpu().numpy() for name, tensor in inputs.items()})
        self.assertIsInstance(results["y"], np.ndarray)
        self.check(inputs, {name: torch.from_numpy(array).cuda() for name, array in results.items()})

    def test_out(self):
        inputs = self.make(64)
        out = {"y": torch.full((64, 3), float("nan"), device="cuda")}
        results = self.engine.run(inputs, out)
        self.assertIs(results["y"], out["y"])
        self.check(inputs, results)

    def test_side_stream(self):
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            inputs = self.make(5000)
            torch.cuda._sleep(10_000_000)
            inputs["x"].add_(1)  # still to come when the run is enqueued
            results = self.engine.run(inputs)
        torch.cuda.current_stream().wait_stream(stream)
        self.check(inputs, results)

    def test_capture(self):
        inputs, context = self.make(256), self.engine.create_context()
        out = {"y": torch.empty(256, 3, device="cuda"), "next": torch.empty(256, dtype=torch.int64, device="cuda")}
        context.run(inputs, out)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            context.run(inputs, out)
        for seed in range(3):
            for name, tensor in self.make(256, seed).items():
                inputs[name].copy_(tensor)
            graph.replay()
            self.check(inputs, out)

    def test_updates(self):
        inputs, context = self.make(256), self.engine.create_context()
        out = {"y": torch.empty(256, 3, device="cuda"), "next": torch.empty(256, dtype=torch.int64, device="cuda")}
        context.run(inputs, out)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            context.run(inputs, out)
        rows, name = self.table.cpu().numpy(), self.engine.tables[0].name
        other, update = self.engine.create_context(), self.engine.update()
        for k in (1, 2, 3):
            changed = rows + k
            update.set_rows(name, [6, 2], changed[[6, 2]])
            version = update.commit()
            table = self.table.clone()
            table[[6, 2]] += k
            result = other.run(inputs)
            torch.cuda.synchronize()
            self.assertEqual(other.version, version)
            self.assertTrue(torch.equal(result["y"], torch.relu(table[inputs["ids"]] + inputs["x"])))
            graph.replay()  # reads what it was captured with
            self.check(inputs, out)
        update.set_rows(name, [6, 2], rows[[6, 2]])
        update.commit()
        self.check(inputs, self.engine.run(inputs))

    @unittest.skipUnless(ENGINE, "the engine is not in a file")
    def test_shared_tables(self):
        inputs, engines = self.make(64), [reckon.load(ENGINE, device="cuda", device_tables="shared") for _ in range(2)]
        for engine in engines:
            self.check(inputs, engine.run(inputs))
        update = engines[0].update()
        update.delete_rows(engines[0].tables[0].name, list(range(7)))
        update.commit()
        self.check(inputs, engines[1].run(inputs))
        torch.cuda.synchronize()
        self.assertTrue(torch.equal(engines[0].run(inputs)["y"], torch.relu(inputs["x"])))

    def test_bound(self):
        inputs, stream = self.make(128), torch.cuda.Stream()
        bound = self.engine.create_context().bind(inputs)
        for seed in range(3):
            for name, tensor in self.make(128, seed).items():
                inputs[name].copy_(tensor)
            self.check(inputs, bound.run())
        torch.cuda.synchronize()
        with torch.cuda.stream(stream):
            inputs["x"].add_(1)
            bound.run()
        torch.cuda.current_stream().wait_stream(stream)
        self.check(inputs, bound.outputs)
        bound.run()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            bound.run()
        inputs["x"].mul_(-1)
        graph.replay()
        self.check(inputs, bound.outputs)

    def test_as_a_module(self):
        model, inputs = reckon.TorchModel(self.engine), self.make(300)
        y, following = model(inputs["x"], ids=inputs["ids"])
        self.assertTrue(y.is_cuda)
        self.check(inputs, {"y": y, "next": following})
        host, _ = model(inputs["x"].cpu(), inputs["ids"].cpu())
        self.assertFalse(host.is_cuda)
        self.assertTrue(torch.equal(host, y.cpu()))
        model.synchronize()

    def test_results_in_memory_of_the_caching_allocator(self):
        inputs = self.make(4096)
        first = self.engine.run(inputs)["y"].data_ptr()
        torch.cuda.synchronize()
        before = torch.cuda.memory_stats()["num_alloc_retries"], torch.cuda.memory_reserved()
        for _ in range(20):
            self.check(inputs, self.engine.run(inputs))
        self.assertEqual((torch.cuda.memory_stats()["num_alloc_retries"], torch.cuda.memory_reserved()), before)
        self.assertTrue(first)

    def test_a_call_does_not_wait(self):
        """Returns while the stream is busy: neither a synchronisation nor a copy through the host."""
        inputs, context = self.make(4096), self.engine.create_context()
        out = context.run(inputs)
        torch.cuda.synchronize()
        begin = torch.cuda.Event()
        torch.cuda._sleep(200_000_000)  # a tenth of a second
        begin.record()
        start = time.perf_counter()
        context.run(inputs, out)
        enqueued, is_done = time.perf_counter() - start, begin.query()
        self.assertFalse(is_done)
        self.assertLess(enqueued, 0.02)
        self.check(inputs, out)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            context.run(inputs, out)
            torch.cuda.synchronize()
        copies = [event.key for event in profile.key_averages() if "memcpy" in event.key.lower() and "dtod" not in event.key.lower()]
        self.assertEqual(copies, [])

    def test_profile(self):
        inputs = self.make(5000)
        inputs["x"].add_(1)
        profile = self.engine.profile(inputs)
        self.check(inputs, profile.outputs)
        self.assertGreater(profile.total_us, 0)
        self.assertTrue(any(kernel.busy_us for kernel in profile.kernels))

    def test_mistakes(self):
        inputs, context = self.make(8), self.engine.create_context()
        for text, change in (("input 'ids' is not on the GPU, and others are", {"ids": inputs["ids"].cpu()}),
                             ("input 'x' is float64, expected float32", {"x": inputs["x"].double()}),
                             ("input 'x' is not contiguous", {"x": torch.randn(3, 8, device="cuda").T}),
                             ("input 'x' has the shape (24,)", {"x": inputs["x"].reshape(24)}),
                             ("input 'ids' axis 0: got 7, expected 8", {"ids": inputs["ids"][:7]})):
            with self.assertRaises(reckon.InvalidError) as caught:
                context.run({**inputs, **change})
            self.assertIn(text, str(caught.exception))
        if torch.cuda.device_count() > 1:
            with self.assertRaisesRegex(reckon.InvalidError, "input 'ids' is on GPU 1, and the context on GPU 0"):
                context.run({**inputs, "ids": inputs["ids"].to("cuda:1")})
        with self.assertRaisesRegex(reckon.InvalidError, "output 'y': expected the shape"):
            context.run(inputs, {"y": torch.empty(8, 4, device="cuda")})
        inputs["ids"][3] = 7
        context.run(inputs)
        with self.assertRaisesRegex(reckon.InvalidError, "id 7 at position 3 is outside"):
            context.synchronize()
        inputs["ids"][3] = 6
        self.check(inputs, context.run(inputs))
        context.synchronize()


if __name__ == "__main__":
    unittest.main()
