"""Engines, contexts and bound tensors under many threads; the suite `thread` runs this under a sanitizer."""

import asyncio
import gc
import os
import resource
import tempfile
import threading
import unittest

import numpy as np

import models
import reckon

X = np.array([[-1, 2, -30], [0.5, 0, 1], [1, 1, 1]], np.float32)
IDS = np.array([2, 0, 6])
EXPECTED = np.maximum(models.TABLE[IDS] + X, 0)
RUNS = int(os.environ.get("RECKON_THREAD_RUNS", 200))
BUSY = {"the context is running in another thread: give each thread a context of its own"}


def run_threads(count, work):
    """work(number) on so many threads; raises what the first that failed did."""
    errors = []

    def guarded(number):
        try:
            work(number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class Threads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = models.open_lookup()

    def check(self, x, ids, y):
        np.testing.assert_array_equal(y, np.maximum(models.TABLE[ids] + x, 0))

    def test_sixteen_threads(self):
        """On one engine: sizes that change, bound tensors, contexts that come and go, profiles, mistakes."""
        def work(seed):
            random = np.random.default_rng(seed)
            bound_x, bound_ids = np.zeros((4, 3), np.float32), np.zeros(4, np.int64)
            bound = self.engine.create_context().bind({"x": bound_x, "ids": bound_ids})
            for step in range(RUNS):
                batch = random.integers(0, 50)
                x, ids = random.standard_normal((batch, 3)).astype(np.float32), random.integers(0, models.ROWS, batch)
                self.check(x, ids, self.engine(x, ids)[0])
                bound_x[:], bound_ids[:] = random.standard_normal((4, 3)), random.integers(0, models.ROWS, 4)
                self.check(bound_x, bound_ids, bound.run()["y"])
                if step % 10 == 0:
                    self.check(x, ids, self.engine.create_context(threads=2).run({"x": x, "ids": ids})["y"])
                    self.check(x, ids, self.engine.profile({"x": x, "ids": ids}).outputs["y"])
                    with self.assertRaises(reckon.InvalidError):
                        self.engine(X, [0, 7, 0])

        run_threads(16, work)

    def test_a_context_is_of_one_thread_at_a_time(self):
        context, refused = self.engine.create_context(), set()
        bound = context.bind({"x": X, "ids": IDS})

        def work(number):
            for _ in range(RUNS):
                try:
                    self.check(X, IDS, (bound.run() if number % 2 else context.run({"x": X, "ids": IDS}))["y"])
                except reckon.InvalidError as error:
                    refused.add(str(error))

        run_threads(8, work)
        self.assertLessEqual(refused, BUSY)

    def test_closing_while_others_run(self):
        for _ in range(max(1, RUNS // 20)):
            engine = models.open_lookup()

            def work(number):
                try:
                    while number:
                        self.check(X, IDS, engine(X, IDS)[0])
                    engine(X, IDS)
                    engine.close()
                except reckon.InvalidError as error:
                    self.assertEqual(str(error), "the engine is closed")

            run_threads(4, work)

    def test_async(self):
        async def gather():
            return await asyncio.gather(*(self.engine.run_async({"x": X * k, "ids": IDS}) for k in range(20)))

        for k, results in enumerate(asyncio.run(gather())):
            self.check(X * k, IDS, results["y"])


class Memory(unittest.TestCase):
    def check_is_flat(self, work, times):
        """Calling `work` often takes no more memory at any time than when it was called as often before: the allocator, whose
        peaks come and go, has what it keeps then."""
        def run(count):
            for _ in range(count):
                work()
            gc.collect()
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        before = run(times)
        self.assertLess(run(times) - before, 1024)  # KiB

    def test_runs(self):
        engine = models.open_lookup()
        self.check_is_flat(lambda: engine(X, IDS), int(os.environ.get("RECKON_LEAK_RUNS", 100_000)))

    def test_contexts(self):
        engine = models.open_lookup()

        def work():
            context = engine.create_context(threads=1)
            context.run({"x": X, "ids": IDS})
            context.bind({"x": X, "ids": IDS}).run()

        self.check_is_flat(work, int(os.environ.get("RECKON_LEAK_RUNS", 100_000)) // 50)

    def test_threads_that_end(self):
        engine = models.open_lookup()
        self.check_is_flat(lambda: run_threads(2, lambda _: engine(X, IDS)), int(os.environ.get("RECKON_LEAK_RUNS", 100_000)) // 500)

    def test_engines(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.rkn")
            models.open_lookup().save(path)
            self.check_is_flat(lambda: reckon.load(path)(X, IDS), int(os.environ.get("RECKON_LEAK_RUNS", 100_000)) // 200)

    def test_failures(self):
        engine = models.open_lookup()

        def work():
            try:
                engine(X, [0, 7, 0])
            except reckon.InvalidError:
                pass

        self.check_is_flat(work, int(os.environ.get("RECKON_LEAK_RUNS", 100_000)) // 20)


if __name__ == "__main__":
    unittest.main()
