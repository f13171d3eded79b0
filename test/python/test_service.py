"""What a service asks of an engine: time limits, counters, logs of updates, shared memory."""

import asyncio
import math
import os
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np
from onnx import TensorProto, helper

import models
import reckon

X = np.array([[-1, 2, -30], [0.5, 0, 1], [1, 1, 1]], np.float32)
IDS = np.array([2, 0, 6])
INPUTS = {"x": X, "ids": IDS}


def make_long(scale=1.0):
    """Layers one after another, each a kernel of its own: a run may end between them."""
    random = np.random.default_rng(0)
    weights = [(f"w{k}", (random.standard_normal((64, 64)) * scale / 8).astype(np.float32)) for k in range(6)]
    nodes, value = [], "x"
    for k, (name, _) in enumerate(weights):
        nodes += [helper.make_node("MatMul", [value, name], [f"m{k}"], name=f"layer{k}"),
                  helper.make_node("Softmax", [f"m{k}"], [f"y{k}"], axis=0)]
        value = f"y{k}"
    return models.make_model(nodes, [("x", TensorProto.FLOAT, ["batch", 64])], [(value, TensorProto.FLOAT, ["batch", 64])], weights)


class Limits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = reckon.compile(make_long(), threads=1)
        cls.inputs = {"x": np.ones((20000, 64), np.float32)}
        cls.context = cls.engine.create_context()
        cls.context.run(cls.inputs)

    def check_ends(self, error, code, call):
        before = self.engine.counters()
        with self.assertRaises(error) as caught:
            call()
        self.assertEqual(caught.exception.code, code)
        return {name: value - before[name] for name, value in self.engine.counters().items() if value != before[name]}

    def test_deadline(self):
        bound = self.engine.create_context().bind(self.inputs)
        for call in (lambda: self.context.run(self.inputs, timeout=1e-4), lambda: self.engine.run(self.inputs, timeout=1e-9),
                     lambda: bound.run(timeout=1e-4), lambda: self.context.run({"x": self.inputs["x"].astype(">f4")}, timeout=1e-4)):
            counted = self.check_ends(reckon.DeadlineError, 7, call)
            self.assertEqual(counted, {"deadline_exceeded": 1})
        with self.assertRaises(TimeoutError):
            self.context.run(self.inputs, timeout=1e-4)
        for timeout in (None, 100, 100.0, math.inf, 1e300):
            self.context.run(self.inputs, timeout=timeout)
        bound.run(timeout=math.inf)

    def test_no_limits(self):
        for timeout in (0, -1, 0.0, math.nan, -math.inf, "1", [], 1j):
            with self.assertRaisesRegex(reckon.InvalidError, "timeout: got .*, expected more than 0 seconds"):
                self.context.run(self.inputs, timeout=timeout)

    def cancel_until(self, is_over):
        """One that came before the run began has ended nothing."""
        while not is_over.wait(0.001):
            self.context.cancel()

    def test_cancel(self):
        self.context.cancel()  # nothing is under way
        self.context.run(self.inputs)
        is_over = threading.Event()
        canceller = threading.Thread(target=self.cancel_until, args=(is_over,))
        canceller.start()
        try:
            counted = self.check_ends(reckon.CancelledError, 6, lambda: [self.context.run(self.inputs) for _ in range(100)])
        finally:
            is_over.set()
            canceller.join()
        self.assertEqual(counted["cancelled"], 1)
        self.context.run(self.inputs)

    def test_cancelling_a_task(self):
        big = {"x": np.ones((40000, 64), np.float32)}

        def count():
            counters = self.engine.counters()
            return counters["runs"], counters["cancelled"]

        async def run(seconds):
            await self.engine.run_async(self.inputs)
            await self.engine.run_async(self.inputs, timeout=100)
            try:
                await asyncio.wait_for(self.engine.run_async(big), seconds)
            except asyncio.TimeoutError:
                pass

        before, seconds = count(), 0.001
        asyncio.run(run(1000))
        self.assertEqual(count(), (before[0] + 3, before[1]))
        # One that had not begun, or is over, has nothing to cancel.
        while count()[1] == before[1] and seconds < 60:
            asyncio.run(run(seconds))  # waits for the executor's threads
            seconds *= 3
        self.assertEqual(count()[1], before[1] + 1)


class Counting(unittest.TestCase):
    def setUp(self):
        self.engine = models.open_lookup()

    def test_counters(self):
        self.assertEqual(set(self.engine.counters().values()), {0})
        for _ in range(5):
            self.engine.run(INPUTS)
        with self.assertRaises(reckon.InvalidError):
            self.engine(X, [0, 7, 0])
        update = self.engine.update()
        update.delete_rows("emb", [1, 2])
        update.commit()
        counted = {name: value for name, value in self.engine.counters().items() if value and not name.endswith("_ns")}
        self.assertEqual(counted, {"runs": 5, "rows_looked_up": 15, "table_bytes": 15 * 12, "input_bytes": 5 * 60,
                                   "output_bytes": 5 * 60, "failed_invalid": 1, "version": 1, "commits": 1, "rows_updated": 2})

    def test_prometheus(self):
        self.engine.run(INPUTS)
        self.assertRegex(self.engine.metrics(), r"(?m)^# TYPE \w+ counter$")
        self.assertRegex(self.engine.metrics(), r"(?m)^\w*runs\w* 1$")
        self.assertRegex(self.engine.metrics("r\"1\n"), r'(?m)^\w*runs\w*\{engine="r\\"1\\n"\} 1$')
        self.engine.close()
        for call in (self.engine.counters, self.engine.metrics, self.engine.verify, lambda: self.engine.weights):
            with self.assertRaisesRegex(reckon.InvalidError, "the engine is closed"):
                call()


class Weights(unittest.TestCase):
    def test_another_state_of_a_model(self):
        engine, other = reckon.compile(make_long()), reckon.compile(make_long(2))
        x = np.random.default_rng(1).standard_normal((5, 64)).astype(np.float32)
        self.assertTrue(engine.weights)
        self.assertFalse(np.array_equal(engine(x), other(x)))
        update = engine.update()
        for mine, theirs in zip(engine.weights, other.weights):
            self.assertEqual((mine.name, mine.packing, mine.data.shape), (theirs.name, theirs.packing, theirs.data.shape))
            update.set_weight(theirs.name, theirs.data)
        self.assertEqual(update.commit(), 1)
        np.testing.assert_array_equal(engine(x), other(x))

    def test_their_bytes_outlive_the_engine(self):
        engine = reckon.compile(make_long())
        weights, copies = engine.weights, [weight.data.copy() for weight in engine.weights]
        self.assertFalse(weights[0].data.flags.writeable)
        engine.close()
        del engine
        for weight, copy in zip(weights, copies):
            np.testing.assert_array_equal(weight.data, copy)

    def test_mistakes(self):
        engine = reckon.compile(make_long())
        weight, update = engine.weights[0], engine.update()
        for name, data in (("none", weight.data), (weight.name, weight.data[:-1]), (weight.name, b""), (weight.name, np.zeros(3, object))):
            with self.assertRaises(reckon.InvalidError) as caught:
                update.set_weight(name, data)
                update.commit()
            self.assertIn(f"'{name}'", str(caught.exception))


class Logs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path, self.log = (os.path.join(folder.name, name) for name in ("m.rkn", "m.log"))
        models.open_lookup().save(self.path)

    def read(self, engine):
        return engine(np.zeros((models.ROWS, 3), np.float32), np.arange(models.ROWS))[0]

    def test_one_appends_and_others_follow(self):
        writer, readers, table = reckon.load(self.path), [reckon.load(self.path) for _ in range(2)], models.TABLE.copy()
        with writer.open_log(self.log, append=True) as log:
            followed = [reader.open_log(self.log) for reader in readers]
            self.assertEqual([each.apply() for each in followed], [0, 0])
            update = writer.update()
            for k in range(3):
                update.set_rows("emb", [k], np.full((1, 3), 10 + k, np.float32))
                table[k] = 10 + k
                log.append(update, sync=k == 1)
            self.assertEqual((writer.version, [each.apply() for each in followed]), (0, [3, 3]))
            for reader in readers:
                self.assertEqual(reader.version, 3)
                np.testing.assert_array_equal(self.read(reader), table)
        late = reckon.load(self.path).open_log(self.log)
        self.assertEqual([late.apply(2), late.apply(2), late.apply()], [2, 1, 0])

    def test_mistakes(self):
        engine, other = reckon.load(self.path), models.open_lookup()
        with self.assertRaisesRegex(reckon.ReckonError, "m.log"):
            engine.open_log(self.log)  # is not there
        log, update = engine.open_log(self.log, append=True), other.update()
        update.delete_rows("emb", [1])
        with self.assertRaisesRegex(reckon.InvalidError, "the update is of another engine than the log"):
            log.append(update)
        with self.assertRaisesRegex(reckon.ReckonError, "opened to append"):
            log.apply()
        log.close()
        log.close()
        with self.assertRaisesRegex(reckon.InvalidError, "the update log is closed"):
            log.append(engine.update())
        update = engine.update()
        update.delete_rows("emb", [1])
        with engine.open_log(self.log, append=True) as log:
            log.append(update)
        update = other.update()
        update.delete_rows("emb", [1])
        update.commit()
        other.save(self.path)
        with self.assertRaisesRegex(reckon.InvalidError, "is for engine"):
            reckon.load(self.path).open_log(self.log).apply()
        with open(self.log, "r+b") as file:
            file.write(b"damage")
        with self.assertRaises(reckon.InvalidError):
            engine.open_log(self.log).apply()


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "m.rkn")
        self.engine = models.open_lookup()
        self.engine.save(self.path)

    def tool(self, *words):
        done = subprocess.run([sys.executable, "-m", "reckon", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_shared_memory(self):
        name = f"reckon-test-{os.getpid()}"
        with self.assertRaisesRegex(reckon.InvalidError, name):
            reckon.load("shm:" + name)
        self.tool("share", "put", self.path, name)
        try:
            engine = reckon.load("shm:" + name)
        finally:
            self.tool("share", "drop", name)
        expected = self.engine.run(INPUTS)["y"]
        np.testing.assert_array_equal(engine.run(INPUTS)["y"], expected)
        again = self.path + ".again"
        engine.save(again)
        np.testing.assert_array_equal(reckon.load(again).run(INPUTS)["y"], expected)

    def test_signatures(self):
        key, folder = self.path + ".key", os.path.dirname(self.path)
        self.tool("sign", "keygen", key)
        with open(key + ".pub") as file:
            public_key = bytes.fromhex(file.read().split()[1])
        with self.assertRaisesRegex(reckon.InvalidError, "the engine is not signed"):
            reckon.load(self.path, public_key=public_key)
        self.tool("sign", "sign", self.path, "--key=" + key)
        with open(self.path, "rb") as file:
            data = file.read()
        for source in (self.path, data):
            engine = reckon.load(source, public_key=public_key)
            np.testing.assert_array_equal(engine.run(INPUTS)["y"], self.engine.run(INPUTS)["y"])
            self.assertEqual(engine.bind_tables({"emb": models.TABLE + 1}).tables, engine.tables)
            for other in (bytes(32), bytes(reversed(public_key))):
                with self.assertRaisesRegex(reckon.InvalidError, "the engine was signed by"):
                    reckon.load(source, public_key=other)
        with self.assertRaisesRegex(reckon.InvalidError, "the public key has 5 bytes, expected 32"):
            reckon.load(self.path, public_key=b"short")
        log = os.path.join(folder, "m.log")
        with self.engine.open_log(log, append=True) as writer:
            update = self.engine.update()
            update.delete_rows("emb", [1])
            writer.append(update)
        with self.assertRaisesRegex(reckon.InvalidError, "is not signed"):
            engine.open_log(log).apply()

    def test_places_of_tables_on_a_gpu(self):
        for place in ("own", "shared", "shared-or-own"):  # on the host all are the same
            engine = reckon.load(self.path, device_tables=place)
            np.testing.assert_array_equal(engine.run(INPUTS)["y"], self.engine.run(INPUTS)["y"])
            self.assertEqual(engine.bind_tables({"emb": models.TABLE + 1}).tables, engine.tables)
        for wrong in ("theirs", 1, None):
            with self.assertRaisesRegex(reckon.InvalidError, "device_tables: got .* expected one of own, shared, shared-or-own"):
                reckon.load(self.path, device_tables=wrong)

    def test_places_of_tables_on_the_host(self):
        for options in ({"huge_pages": True}, {"numa_interleave": True}, {"huge_pages": True, "numa_interleave": True}):
            try:
                engine = reckon.load(self.path, **options)
            except reckon.UnavailableError as error:
                self.assertRegex(str(error), "huge pages: |NUMA interleaving: ")  # the system refuses it, by name
                continue
            np.testing.assert_array_equal(engine.run(INPUTS)["y"], self.engine.run(INPUTS)["y"])
            self.assertEqual(engine.bind_tables({"emb": models.TABLE + 1}).tables, engine.tables)

    def test_warming_up(self):
        engine, told = reckon.load(self.path), []
        size = sum(table.rows * table.row_bytes for table in engine.tables)
        engine.warm_up({"emb": np.array([3, 0])}, progress=lambda *bytes: told.append(bytes))
        total = size + 2 * engine.tables[0].row_bytes
        self.assertEqual(told, [(total, total)])
        engine.warm_up({"emb": [1]}, all_rows=False)
        engine.warm_up()
        np.testing.assert_array_equal(engine.run(INPUTS)["y"], self.engine.run(INPUTS)["y"])
        with self.assertRaisesRegex(reckon.InvalidError, "has no table 'items' to warm up"):
            engine.warm_up({"items": [1]})
        with self.assertRaisesRegex(reckon.InvalidError, "table 'emb': row -1 at position 1 of those to warm up is outside"):
            engine.warm_up({"emb": [1, -1]})

        def end(done, total):
            raise KeyError(done)

        with self.assertRaises(KeyError):
            engine.warm_up(progress=end)
        with self.assertRaises(TypeError):
            engine.warm_up(progress=3)

    def test_saving_over_the_file_that_runs(self):
        engine, errors, is_over = reckon.load(self.path), [], threading.Event()
        expected = engine.run(INPUTS)["y"]

        def run():
            try:
                while not is_over.is_set():
                    np.testing.assert_array_equal(engine.run(INPUTS)["y"], expected)
            except Exception as error:
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        for _ in range(10):
            engine.save(self.path)
        is_over.set()
        thread.join()
        self.assertEqual(errors, [])
        with self.assertRaises(reckon.UnavailableError):
            engine.save(os.path.join(self.path, "m.rkn"))

    def test_bound_rows_are_saved(self):
        engine = reckon.load(self.path, tables={"emb": models.TABLE + 1})
        engine.save(self.path)
        np.testing.assert_array_equal(reckon.load(self.path).run(INPUTS)["y"], engine.run(INPUTS)["y"])

    def test_damaged_rows(self):
        """Of a table that load() leaves for later."""
        table = np.zeros((1 << 18, 2), np.float32)
        model = models.make_model([helper.make_node("Gather", ["emb", "ids"], ["y"])], [("ids", TensorProto.INT64, ["n"])],
                                  [("y", TensorProto.FLOAT, ["n", 2])], [("emb", table)])
        reckon.compile(model).save(self.path)
        reckon.load(self.path).verify()
        with open(self.path, "rb") as file:
            data = bytearray(file.read())
        data[len(data) // 2] ^= 1
        engine = reckon.load(bytes(data))
        with self.assertRaisesRegex(reckon.InvalidError, "emb"):
            engine.verify()


if __name__ == "__main__":
    unittest.main()
