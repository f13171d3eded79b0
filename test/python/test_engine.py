"""Running engines from Python."""

import copy
import gc
import io
import os
import pickle
import tempfile
import threading
import unittest

import numpy as np

import models
import reckon

X = np.array([[-1, 2, -30], [0.5, 0, 1], [1, 1, 1]], np.float32)
IDS = np.array([2, 0, 6])
EXPECTED = np.maximum(models.TABLE[IDS] + X, 0)


class EngineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = reckon.compile(models.make_lookup(), verify=True)

    def check_fails(self, error, text, call):
        with self.assertRaises(error) as caught:
            call()
        self.assertIsInstance(caught.exception, reckon.ReckonError)
        self.assertIn(text, str(caught.exception))
        return caught.exception


class Running(EngineTest):
    def test_by_place_and_by_name(self):
        for y, following in (self.engine(X, IDS), self.engine(X, ids=IDS), self.engine(ids=IDS, x=X)):
            np.testing.assert_array_equal(y, EXPECTED)
            np.testing.assert_array_equal(following, IDS + 1)
        self.assertEqual(list(self.engine.run({"ids": IDS, "x": X})), ["y", "next"])

    def test_any_batch(self):
        for batch in (0, 1, 2, 1000):
            x, ids = np.resize(X, (batch, 3)), np.resize(IDS, batch)
            y, _ = self.engine(x, ids)
            np.testing.assert_array_equal(y, np.maximum(models.TABLE[ids] + x, 0))

    def test_outputs_are_the_callers(self):
        first, _ = self.engine(X, IDS)
        kept = first.copy()
        self.engine(-X, IDS)
        np.testing.assert_array_equal(first, kept)

    def test_out(self):
        out = np.empty((3, 3), np.float32)
        results = self.engine.run({"x": X, "ids": IDS}, out={"y": out})
        self.assertIs(results["y"], out)
        np.testing.assert_array_equal(out, EXPECTED)
        inputs = {"x": X, "ids": IDS}
        frozen = np.empty((3, 3), np.float32)
        frozen.flags.writeable = False
        for bad in (np.empty((3, 4), np.float32), np.empty((3, 3)), np.empty((3, 6), np.float32)[:, ::2], frozen):
            self.check_fails(reckon.InvalidError, "output 'y': expected a writable C-contiguous array of float32 with the shape "
                             "(3, 3)", lambda bad=bad: self.engine.run(inputs, out={"y": bad}))
        self.check_fails(reckon.InvalidError, "there is no output 'z'", lambda: self.engine.run(inputs, out={"z": out}))
        self.check_fails(reckon.InvalidError, "expected a numpy array or a tensor of torch, got list", lambda: self.engine.run(inputs, out={"y": []}))

    def test_layouts_are_copied(self):
        wide = np.repeat(X, 2, axis=1)
        for x in (np.asfortranarray(X), wide[:, ::2], X[::-1][::-1], X.astype(">f4")):
            np.testing.assert_array_equal(self.engine(x, IDS.astype(">i8"))[0], EXPECTED)

    def test_elements_that_are_not_aligned(self):
        memory = np.zeros(X.nbytes + 1, np.uint8)
        x = memory[1:].view(np.float32).reshape(3, 3)
        x[:] = X
        np.testing.assert_array_equal(self.engine(x, IDS)[0], EXPECTED)
        self.check_fails(reckon.InvalidError, "output 'y': expected", lambda: self.engine.run({"x": X, "ids": IDS}, out={"y": x}))
        self.check_fails(reckon.InvalidError, "input 'x' would be copied", lambda: self.engine.create_context().bind({"x": x, "ids": IDS}))

    def test_classes_derived_from_arrays(self):
        class Derived(np.ndarray):
            pass

        out = np.empty((3, 3), np.float32).view(Derived)
        results = self.engine.run({"x": X.view(Derived), "ids": IDS.view(Derived)}, out={"y": out})
        self.assertIs(results["y"], out)
        np.testing.assert_array_equal(out, EXPECTED)

    def test_a_model_without_inputs(self):
        node = models.helper.make_node("Relu", ["c"], ["y"])
        engine = reckon.compile(models.make_model([node], [], [("y", models.TensorProto.FLOAT, [3])], [("c", np.array([-1, 0, 2], np.float32))]))
        for y in (engine(), engine.run({})["y"], engine.create_context().bind({}).run()["y"]):
            np.testing.assert_array_equal(y, [0, 0, 2])
        self.check_fails(reckon.InvalidError, "1 inputs are given, and the engine takes none", lambda: engine(X))

    def test_no_memory(self):
        rows = 1 << 45
        self.check_fails(reckon.UnavailableError, "out of memory", lambda: self.engine(
            np.broadcast_to(np.float32(1), (rows, 3)), np.broadcast_to(np.int64(1), (rows,))))

    def test_objects_that_fail(self):
        class Array:
            def __array__(self, *_, **__):
                raise KeyError("no array")

        class Tensor:
            def __dlpack_device__(self):
                raise ZeroDivisionError("no device")

        for text, x in (("no array", Array()), ("no device", Tensor())):
            self.check_fails(reckon.InvalidError, "input 'x': cannot make an array" if "array" in text else f"input 'x': {text}",
                             lambda x=x: self.engine(x, IDS))

    def test_lists_and_numbers(self):
        np.testing.assert_array_equal(self.engine(X.tolist(), IDS.tolist())[0], EXPECTED)
        self.check_fails(reckon.InvalidError, "cannot make an array of int64 from list", lambda: self.engine(X, [0.5, 1, 2]))
        self.check_fails(reckon.InvalidError, "input 'ids': cannot make an array", lambda: self.engine(X, ["a", "b", "c"]))
        self.check_fails(reckon.InvalidError, "input 'ids'", lambda: self.engine(X, [[1], [2, 3]]))

    def test_dlpack(self):
        class Tensor:
            def __init__(self, array, device=1):
                self.array, self.device = array, device

            def __dlpack__(self, **kwargs):
                return self.array.__dlpack__()

            def __dlpack_device__(self):
                return (self.device, 0)

        np.testing.assert_array_equal(self.engine(Tensor(X.copy()), Tensor(IDS.copy()))[0], EXPECTED)
        self.check_fails(reckon.InvalidError, "input 'x': it is not in host memory", lambda: self.engine(Tensor(X, 2), IDS))

    def test_every_element_type(self):
        for dtype in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
                      "bool"):
            engine = reckon.compile(models.make_identity(dtype))
            x = (np.arange(6).reshape(2, 3) % 2).astype(dtype)
            y = engine(x)
            self.assertEqual(y.dtype, x.dtype)
            np.testing.assert_array_equal(y, x)

    def test_mistakes(self):
        engine = self.engine
        for text, call in (
                ("input 'ids' is missing; the engine takes x: f32[batch, 3], ids: i64[batch]", lambda: engine(X)),
                ("3 inputs are given", lambda: engine(X, IDS, IDS)),
                ("input 'x' is given twice", lambda: engine(X, ids=IDS, x=X)),
                ("there is no input 'z'", lambda: engine(X, z=IDS)),
                ("input 'x' is float64, expected float32", lambda: engine(X.astype(np.float64), IDS)),
                ("input 'ids' is int32, expected int64", lambda: engine(X, IDS.astype(np.int32))),
                ("input 'x' has the shape (3,), expected [batch, 3]", lambda: engine(X[0], IDS)),
                ("input 'x' axis 1: got 2, expected 3", lambda: engine(X[:, :2], IDS)),
                ("input 'ids' axis 0: got 2, expected 3", lambda: engine(X, IDS[:2])),
                ("input 'ids' -> table 'emb': id 7 at position 1 is outside [0, 7)", lambda: engine(X, [0, 7, 1])),
                ("expected inputs by name, got list", lambda: engine.run([X, IDS]))):
            error = self.check_fails(reckon.InvalidError, text, call)
            self.assertEqual(error.code, 2)
            self.assertIsInstance(error, ValueError)
        np.testing.assert_array_equal(engine(X, IDS)[0], EXPECTED)


class Binding(EngineTest):
    def setUp(self):
        self.context = self.engine.create_context()
        self.x, self.ids = X.copy(), IDS.copy()

    def test_runs_read_what_is_there(self):
        out = np.empty((3, 3), np.float32)
        bound = self.context.bind({"x": self.x, "ids": self.ids}, out={"y": out})
        self.assertIs(bound.outputs["y"], out)
        np.testing.assert_array_equal(bound.run()["y"], EXPECTED)
        self.x[:], self.ids[1] = 5, 4
        self.assertIs(bound.run(), bound.outputs)
        np.testing.assert_array_equal(out, models.TABLE[self.ids] + 5)
        np.testing.assert_array_equal(bound.outputs["next"], self.ids + 1)

    def test_takes_turns_with_other_runs(self):
        first = self.context.bind({"x": self.x, "ids": self.ids})
        second = self.context.bind({"x": np.ones((1, 3), np.float32), "ids": np.array([3])})
        for _ in range(2):
            np.testing.assert_array_equal(first.run()["y"], EXPECTED)
            np.testing.assert_array_equal(self.context.run({"x": -X, "ids": IDS})["y"], np.maximum(models.TABLE[IDS] - X, 0))
            np.testing.assert_array_equal(second.run()["y"], models.TABLE[[3]] + 1)
            first.outputs["y"][:] = -1
        del second
        np.testing.assert_array_equal(first.run()["y"], EXPECTED)

    def test_keeps_what_it_needs(self):
        bound = reckon.compile(models.make_lookup()).create_context().bind({"x": self.x, "ids": self.ids})
        del self.x, self.ids
        gc.collect()
        np.testing.assert_array_equal(bound.run()["y"], EXPECTED)

    def test_shapes_before_a_run(self):
        self.assertEqual(self.context.output_shapes({"x": X, "ids": IDS}), {"y": (3, 3), "next": (3,)})
        self.check_fails(reckon.InvalidError, "input 'ids' axis 0: got 2, expected 3",
                         lambda: self.context.output_shapes({"x": X, "ids": IDS[:2]}))
        self.context.synchronize()

    def test_mistakes(self):
        def bind(**inputs):
            return self.context.bind({"x": self.x, "ids": self.ids, **inputs})

        for x in (X.tolist(), np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X.astype(">f4")):
            self.check_fails(reckon.InvalidError, "input 'x' would be copied: bind a C-contiguous array of float32", lambda: bind(x=x))
        self.check_fails(reckon.InvalidError, "input 'x' is float64", lambda: bind(x=X.astype(np.float64)))
        self.check_fails(reckon.InvalidError, "input 'ids' axis 0: got 2, expected 3", lambda: bind(ids=IDS[:2]))
        bound = bind()
        self.ids[2] = 7
        self.check_fails(reckon.InvalidError, "input 'ids' -> table 'emb': id 7 at position 2", bound.run)
        self.ids[2] = 6
        np.testing.assert_array_equal(bound.run()["y"], EXPECTED)


class Updating(unittest.TestCase):
    def setUp(self):
        self.engine = reckon.compile(models.make_lookup())
        self.table = models.TABLE.copy()

    def check(self, engine=None):
        y, _ = (engine or self.engine)(np.zeros((models.ROWS, 3), np.float32), np.arange(models.ROWS))
        np.testing.assert_array_equal(y, self.table)

    def test_rows(self):
        self.check()
        update, context = self.engine.update(), self.engine.create_context()
        update.set_rows("emb", [3, 6], np.array([[1, 2, 3], [4, 5, 6]], np.float32))
        update.set_rows("emb", 6, np.array([7, 8, 9], np.float32))
        update.delete_rows("emb", [1])
        self.check()
        self.assertEqual((update.commit(), self.engine.version), (1, 1))
        self.table[[3, 6, 1]] = [[1, 2, 3], [7, 8, 9], [0, 0, 0]]
        self.check()
        context.run({"x": X, "ids": IDS})
        self.assertEqual(context.version, 1)
        update.set_table("emb", models.TABLE * 2)
        self.assertEqual(update.commit(), 2)
        self.table = models.TABLE * 2
        self.check()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.rkn")
            self.engine.save(path)
            self.check(reckon.load(path))

    def test_mistakes(self):
        update = self.engine.update()
        rows = np.ones((2, 3), np.float32)
        for text, call in (("no table 'none'", lambda: update.set_rows("none", [1, 2], rows)),
                           ("got rows of 3 float64, expected 3 float32", lambda: update.set_rows("emb", [1, 2], np.ones((2, 3)))),
                           ("got rows of 2 float32, expected 3 float32", lambda: update.set_rows("emb", [1, 2], rows[:, :2])),
                           ("table 'emb': 1 ids and 2 rows", lambda: update.set_rows("emb", [1], rows)),
                           ("emb", lambda: update.set_rows("emb", [1, 7], rows)), ("emb", lambda: update.delete_rows("emb", [-1])),
                           ("ids: expected whole numbers", lambda: update.delete_rows("emb", [0.5])),
                           ("emb", lambda: update.set_table("emb", rows))):
            with self.assertRaises(reckon.InvalidError) as caught:
                call()
                update.commit()
            self.assertIn(text, str(caught.exception))
        self.check()

    def test_other_rows(self):
        other = self.engine.bind_tables({"emb": models.TABLE + 1})
        self.check()
        self.table += 1
        self.check(other)


class Life(EngineTest):
    def test_files_and_bytes(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.rkn")
            self.engine.save(path)
            with open(path, "rb") as file:
                data = file.read()
            for engine in (reckon.load(path), reckon.load(data), reckon.load(memoryview(data))):
                np.testing.assert_array_equal(engine(X, IDS)[0], EXPECTED)
                again = os.path.join(folder, "again.rkn")
                engine.save(again)
                with open(again, "rb") as file:
                    self.assertEqual(file.read(), data)
            self.check_fails(reckon.InvalidError, "", lambda: reckon.load(data[:-7]))
            damaged = bytearray(data)
            damaged[len(data) // 2] ^= 1
            self.check_fails(reckon.InvalidError, "", lambda: reckon.load(bytes(damaged)))
        self.check_fails(reckon.InvalidError, "/nonexistent", lambda: reckon.load("/nonexistent"))
        self.check_fails(reckon.ReckonError, "device", lambda: reckon.load(data, device="tpu")(X, IDS))
        for threads in (-1, 1025, 10**30, 2.5, "x"):
            self.check_fails(reckon.InvalidError, f"threads: got {threads!r}, expected 0 to 1024", lambda t=threads: reckon.load(data, threads=t))
        self.check_fails(reckon.InvalidError, "device: got 5, expected 'host', 'cuda' or 'cuda:N'", lambda: reckon.load(data, device=5))
        self.check_fails(reckon.InvalidError, "tables: expected rows by name", lambda: reckon.load(data, tables=[X]))
        for wrong in (5, None, np.arange(9)[::2]):
            self.check_fails(reckon.InvalidError, "expected the path of an engine or its bytes", lambda wrong=wrong: reckon.load(wrong))
        self.check_fails(reckon.InvalidError, "a text has a null character: '/dev/null...'", lambda: reckon.load("/dev/null\0x"))

    def test_tables(self):
        buffer = io.BytesIO()
        rows = np.arange(30, dtype=np.float32).reshape(10, 3)
        np.save(buffer, rows)
        with tempfile.TemporaryDirectory() as folder:
            model, npy, raw = (os.path.join(folder, name) for name in ("m.rkn", "rows.npy", "rows.raw"))
            self.engine.save(model)
            np.save(npy, rows)
            rows.tofile(raw)
            for table in (rows, npy, raw, np.asfortranarray(rows)):
                engine = reckon.load(model, tables={"emb": table})
                self.assertEqual(engine.tables[0].rows, 10)
                np.testing.assert_array_equal(engine(0 * X, [9, 8, 7])[0], rows[[9, 8, 7]])
            self.check_fails(reckon.InvalidError, "table 'emb'", lambda: reckon.load(model, tables={"emb": rows[0]}))
            for text, table in (("got rows of 3 float16, expected 3 float32", rows.astype(np.float16)),
                                ("got rows of 2 float32, expected 3 float32", rows[:, :2]),
                                ("No such file", os.path.join(folder, "none.npy")), ("emb", os.path.join(folder, "none.raw"))):
                self.check_fails(reckon.InvalidError, text, lambda table=table: reckon.load(model, tables={"emb": table}))
            made = [reckon.load(model, tables=tables) for tables in (
                {"emb": reckon.SyntheticRows(50, seed=3)}, reckon.SyntheticRows(50, 3), reckon.SyntheticRows(50, 4))]
            self.assertEqual([engine.tables[0].rows for engine in made], [50] * 3)
            ids = np.arange(50)
            first, same, other = (engine(np.zeros((50, 3), np.float32), ids)[0] for engine in made)
            np.testing.assert_array_equal(first, same)
            self.assertFalse(np.array_equal(first, other))
            encoded = reckon.compile(models.make_lookup(), table_format="emb=int8_fbgemm",
                                     tables={"emb": np.zeros((4, 7), np.uint8)})
            self.assertEqual(encoded.tables[0].row_bytes, 7)
            self.check_fails(reckon.InvalidError, "got rows of 3 float32, expected 7 uint8 in the encoding int8_fbgemm",
                             lambda: reckon.compile(models.make_lookup(), table_format="emb=int8_fbgemm", tables={"emb": rows}))
            self.check_fails(reckon.InvalidError, "none", lambda: reckon.load(model, tables={"none": rows}))

    def test_descriptions(self):
        engine = self.engine
        self.assertEqual([str(info) for info in engine.inputs], ["x: f32[batch, 3]", "ids: i64[batch]"])
        self.assertEqual(engine.inputs[1].dtype, np.int64)
        self.assertEqual([info.name for info in engine.outputs], ["y", "next"])
        self.assertEqual(engine.dims, ("batch",))
        self.assertEqual((str(engine.tables[0]), engine.tables[0].dtype), ("emb: f32, 7 rows x 3", np.float32))
        self.assertIn("input  x: f32[batch, 3]", repr(engine))
        self.assertIn("<td>emb</td>", engine._repr_html_())

    def test_kernels(self):
        kernels = self.engine.kernels
        self.assertTrue(kernels)
        self.assertEqual({kernel.device for kernel in kernels}, {"host"})
        self.assertIn("lookup", {node for kernel in kernels for node in kernel.nodes})
        self.assertIn(f"reckon.Engine on host, {len(kernels)} kernels", self.engine._repr_html_())

    def test_profile(self):
        x, ids = np.resize(X, (1000, 3)), np.resize(IDS, 1000)
        profile = self.engine.profile({"x": x, "ids": ids})
        np.testing.assert_array_equal(profile.outputs["y"], np.maximum(models.TABLE[ids] + x, 0))
        self.assertGreater(profile.total_us, 0)
        ran = [kernel for kernel in profile.kernels if kernel.busy_us]
        self.assertIn("lookup", {node for kernel in ran for node in kernel.nodes})
        self.assertEqual({kernel.rows for kernel in ran}, {1000})
        self.assertEqual(sum(event.end_row - event.first_row for event in profile.events), 1000 * len(ran))
        for event in profile.events:
            self.assertTrue(0 <= event.begin_us <= event.end_us <= profile.total_us)
            self.assertTrue(profile.kernels[event.kernel].busy_us)
        self.assertIn("lookup", str(profile))
        self.assertIn(f"<caption>{profile.total_us:.1f} us</caption>", profile._repr_html_())
        self.assertIn("reckon.Profile of", repr(profile))
        self.check_fails(reckon.InvalidError, "input 'ids' -> table 'emb': id 7 at position 0 is outside",
                         lambda: self.engine.profile({"x": X[:1], "ids": [7]}))

    def test_closed(self):
        with reckon.compile(models.make_lookup()) as engine:
            engine(X, IDS)
            context, update = engine.create_context(), engine.update()
            bound = context.bind({"x": X, "ids": IDS})
        for call in (lambda: engine(X, IDS), lambda: engine.save("/tmp/x"), engine.create_context, engine.update,
                     lambda: context.run({"x": X, "ids": IDS}), lambda: context.bind({"x": X, "ids": IDS}), bound.run, update.commit,
                     lambda: update.delete_rows("emb", [1]), lambda: engine.open_log("/tmp/x"), lambda: engine.bind_tables({})):
            self.check_fails(reckon.InvalidError, "the engine is closed", call)
        self.assertIn("closed", repr(engine))

    def test_reprs(self):
        context = self.engine.create_context()
        bound = context.bind({"x": X, "ids": IDS})
        for text, value in (("<reckon.Context on host of <reckon.Engine on host", context), ("<reckon.Update of <reckon.Engine", self.engine.update()),
                            ("<reckon.Bound on host: x: 3x3, ids: 3 -> y: 3x3, next: 3>", bound)):
            self.assertIn(text, repr(value))

    def test_inputs_that_another_thread_changes(self):
        inputs, is_over, refused = {"x": X, "ids": IDS}, threading.Event(), set()

        def change():
            while not is_over.is_set():
                inputs["x"] = inputs.pop("x").copy()

        thread = threading.Thread(target=change)
        thread.start()
        for _ in range(1000):
            try:
                np.testing.assert_array_equal(self.engine.run(inputs)["y"], EXPECTED)
            except reckon.InvalidError as error:
                refused.add(str(error))
        is_over.set()
        thread.join()
        self.assertLessEqual(refused, {"input 'x' is missing; the engine takes x: f32[batch, 3], ids: i64[batch]"})

    def test_pickling(self):
        for call in (pickle.dumps, copy.copy, copy.deepcopy):
            with self.assertRaisesRegex(TypeError, "an engine cannot be pickled or copied: save"):
                call(self.engine)
        self.assertEqual(pickle.loads(pickle.dumps(self.engine.inputs)), self.engine.inputs)
        error = pickle.loads(pickle.dumps(reckon.DeadlineError("late")))
        self.assertEqual((str(error), error.code, type(error)), ("late", 7, reckon.DeadlineError))


if __name__ == "__main__":
    unittest.main()
