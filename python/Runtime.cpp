//===- Runtime.cpp - reckon._runtime: the runtime's C interface for Python -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//
//
// Arrays in, arrays out. Names, conversions and messages about wrong use are Python's (reckon/engine.py).
//
//===-----------------------------------------------------------------------------------===//

#include "Status.h"

#include "reckon/Runtime/Runtime.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

namespace py = pybind11;
using reckon::python::StatusError;

static void check(ReckonStatus status) {
  if (status != RECKON_OK)
    throw StatusError(status, reckon_last_error());
}

//===-- Types -----------------------------------------------------------------===//

/// numpy's name of an element type. It has no bfloat16: those are their bits.
static const char *numpyName(ReckonElementType type) {
  switch (type) {
  case RECKON_F32:
    return "float32";
  case RECKON_F16:
    return "float16";
  case RECKON_BF16:
    return "uint16";
  case RECKON_F64:
    return "float64";
  case RECKON_I8:
    return "int8";
  case RECKON_I16:
    return "int16";
  case RECKON_I32:
    return "int32";
  case RECKON_I64:
    return "int64";
  case RECKON_U8:
    return "uint8";
  case RECKON_U16:
    return "uint16";
  case RECKON_U32:
    return "uint32";
  case RECKON_U64:
    return "uint64";
  case RECKON_BOOL:
    return "bool";
  }
  return "";
}

static py::dtype dtypeOf(ReckonElementType type) { return py::dtype(std::string(numpyName(type))); }

/// Whether memory of `dtype` holds elements of the type.
static bool holds(const py::dtype &dtype, ReckonElementType type) { return dtype.equal(dtypeOf(type)); }

//===-- Engines ---------------------------------------------------------------===//

namespace {
struct TensorInfo {
  std::string name, type, dtype;
  std::vector<std::string> shape;
};

struct TableInfo {
  std::string name, type, encoding;
  int64_t rows, dim, rowBytes;
};

/// Where a table's rows come from: a file, or an array, which is kept alive.
struct TableBinding {
  std::string name, path;
  py::object data;
  uint64_t offset = 0;
  int64_t rows = 0;
};

class Engine {
public:
  static std::shared_ptr<Engine> open(const std::string &path, const std::vector<TableBinding> &tables) {
    return make(tables, [&](const ReckonTableBinding *bindings, size_t count, ReckonEngine **engine) {
      return reckon_engine_open(path.c_str(), bindings, count, engine);
    });
  }
  static std::shared_ptr<Engine> openFromMemory(const py::buffer &bytes, const std::vector<TableBinding> &tables) {
    py::buffer_info info = bytes.request();
    auto engine = make(tables, [&](const ReckonTableBinding *bindings, size_t count, ReckonEngine **engine) {
      return reckon_engine_open_from_memory(info.ptr, info.size * info.itemsize, bindings, count, engine);
    });
    engine->kept.append(bytes);
    return engine;
  }
  Engine(const Engine &) = delete;
  ~Engine() { reckon_engine_close(handle); }

  std::vector<TensorInfo> inputs() const { return tensors(reckon_engine_num_inputs, reckon_engine_input); }
  std::vector<TensorInfo> outputs() const { return tensors(reckon_engine_num_outputs, reckon_engine_output); }
  std::vector<TableInfo> tables() const {
    std::vector<TableInfo> result;
    for (size_t i = 0; i < reckon_engine_num_tables(handle); ++i) {
      ReckonTableInfo info;
      check(reckon_engine_table(handle, i, &info));
      result.push_back({info.name, reckon_element_name(info.type), info.encoding, info.rows, info.dim, info.row_bytes});
    }
    return result;
  }
  std::vector<std::string> dims() const {
    std::vector<std::string> result;
    for (size_t i = 0; i < reckon_engine_num_dims(handle); ++i)
      result.push_back(reckon_engine_dim(handle, i));
    return result;
  }

  ReckonEngine *handle = nullptr;

private:
  Engine() = default;

  template <typename Open> static std::shared_ptr<Engine> make(const std::vector<TableBinding> &tables, Open open) {
    std::shared_ptr<Engine> engine(new Engine);
    std::vector<ReckonTableBinding> bindings;
    for (const TableBinding &table : tables) {
      ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
      binding.table = table.name.c_str();
      binding.offset = table.offset;
      binding.rows = table.rows;
      if (table.data.is_none()) {
        binding.source = RECKON_TABLE_FILE;
        binding.path = table.path.c_str();
      } else {
        binding.source = RECKON_TABLE_MEMORY;
        binding.data = py::array(table.data).data();
        engine->kept.append(table.data);
      }
      bindings.push_back(binding);
    }
    ReckonStatus status;
    {
      py::gil_scoped_release release; // checksums read all of the file
      status = open(bindings.data(), bindings.size(), &engine->handle);
    }
    check(status);
    return engine;
  }

  template <typename Count, typename Get> std::vector<TensorInfo> tensors(Count count, Get get) const {
    std::vector<TensorInfo> result;
    for (size_t i = 0; i < count(handle); ++i) {
      ReckonTensorInfo info;
      check(get(handle, i, &info));
      result.push_back({info.name, reckon_element_name(info.type), numpyName(info.type),
                        std::vector<std::string>(info.shape, info.shape + info.rank)});
    }
    return result;
  }

  py::list kept; ///< what the engine reads in place
};

//===-- Contexts --------------------------------------------------------------===//

class Context {
public:
  Context(std::shared_ptr<Engine> of, const std::string &device, int threads) : engine(std::move(of)) {
    ReckonContextOptions options = RECKON_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    options.device = device.c_str();
    ReckonStatus status;
    {
      py::gil_scoped_release release;
      status = reckon_context_create(engine->handle, &options, &handle);
    }
    check(status);
    numInputs = reckon_engine_num_inputs(engine->handle);
    numOutputs = reckon_engine_num_outputs(engine->handle);
  }
  Context(const Context &) = delete;
  ~Context() {
    py::gil_scoped_release release; // waits for threads
    reckon_context_destroy(handle);
  }

  /// Runs on C-contiguous arrays of the inputs' types, in their order. `outs` has an array or None for each output.
  std::vector<py::array> run(const std::vector<py::array> &inputs, const std::vector<py::object> &outs) {
    if (inputs.size() != numInputs || outs.size() != numOutputs)
      throw StatusError(RECKON_INVALID, "expected " + std::to_string(numInputs) + " inputs and " +
                                            std::to_string(numOutputs) + " outputs");
    for (size_t i = 0; i < numInputs; ++i)
      setInput(i, inputs[i]);
    check(reckon_prepare(handle));
    std::vector<py::array> outputs;
    ReckonStatus status = RECKON_OK;
    // Whatever happens, no memory of arrays stays bound.
    struct Unbind {
      Context &context;
      ~Unbind() {
        for (size_t i = 0; i < context.numOutputs; ++i)
          std::ignore = reckon_set_output(context.handle, i, context.outputType(i), nullptr, 0);
      }
    } unbind{*this};
    for (size_t i = 0; i < numOutputs; ++i)
      outputs.push_back(setOutput(i, outs[i]));
    {
      py::gil_scoped_release release;
      status = reckon_run(handle);
    }
    check(status);
    return outputs;
  }

  using Shape = std::vector<int64_t>;

  /// Binds addresses on the context's GPU, with their shapes, as the inputs; gives the shapes that the outputs will
  /// have.
  std::vector<Shape> prepareOnDevice(const std::vector<std::pair<uintptr_t, Shape>> &inputs) {
    if (inputs.size() != numInputs)
      throw StatusError(RECKON_INVALID, "expected " + std::to_string(numInputs) + " inputs");
    for (size_t i = 0; i < numInputs; ++i) {
      ReckonTensorInfo info;
      check(reckon_engine_input(engine->handle, i, &info));
      const auto &[address, shape] = inputs[i];
      check(reckon_set_device_input(handle, i, info.type, shape.size(), shape.data(),
                                    reinterpret_cast<const void *>(address)));
    }
    check(reckon_prepare(handle));
    std::vector<Shape> shapes;
    for (size_t i = 0; i < numOutputs; ++i) {
      ReckonTensor tensor;
      check(reckon_output(handle, i, &tensor));
      shapes.emplace_back(tensor.shape, tensor.shape + tensor.rank);
    }
    return shapes;
  }

  /// Enqueues a run on a stream, with an address and its bytes for each output.
  void runOnDevice(const std::vector<std::pair<uintptr_t, size_t>> &outs, uintptr_t stream) {
    if (outs.size() != numOutputs)
      throw StatusError(RECKON_INVALID, "expected " + std::to_string(numOutputs) + " outputs");
    for (size_t i = 0; i < numOutputs; ++i)
      check(
          reckon_set_device_output(handle, i, outputType(i), reinterpret_cast<void *>(outs[i].first), outs[i].second));
    check(reckon_run_async(handle, reinterpret_cast<void *>(stream)));
  }

  void synchronize() {
    ReckonStatus status;
    {
      py::gil_scoped_release release;
      status = reckon_synchronize(handle);
    }
    check(status);
  }

private:
  ReckonElementType outputType(size_t index) const {
    ReckonTensorInfo info;
    check(reckon_engine_output(engine->handle, index, &info));
    return info.type;
  }

  void setInput(size_t index, const py::array &array) {
    ReckonTensorInfo info;
    check(reckon_engine_input(engine->handle, index, &info));
    if (!holds(array.dtype(), info.type) || !(array.flags() & py::array::c_style))
      throw StatusError(RECKON_INVALID, std::string("input '") + info.name + "': expected a C-contiguous array of " +
                                            numpyName(info.type));
    std::vector<int64_t> shape(array.shape(), array.shape() + array.ndim());
    check(reckon_set_input(handle, index, info.type, shape.size(), shape.data(), array.data()));
  }

  /// The array that the run writes: the caller's, or a new one.
  py::array setOutput(size_t index, const py::object &out) {
    ReckonTensor tensor;
    check(reckon_output(handle, index, &tensor));
    std::vector<py::ssize_t> shape(tensor.shape, tensor.shape + tensor.rank);
    ReckonElementType type = tensor.type;
    py::array array = out.is_none() ? py::array(dtypeOf(type), shape) : py::reinterpret_borrow<py::array>(out);
    bool hasShape = array.ndim() == py::ssize_t(shape.size()) && std::equal(shape.begin(), shape.end(), array.shape());
    if (!holds(array.dtype(), type) || !hasShape || !(array.flags() & py::array::c_style) || !array.writeable()) {
      ReckonTensorInfo info;
      check(reckon_engine_output(engine->handle, index, &info));
      std::string text;
      for (py::ssize_t size : shape)
        text += (text.empty() ? "" : ", ") + std::to_string(size);
      throw StatusError(RECKON_INVALID, std::string("output '") + info.name +
                                            "': expected a writable C-contiguous array of " + numpyName(type) +
                                            " with the shape (" + text + ")");
    }
    check(reckon_set_output(handle, index, type, array.mutable_data(), array.nbytes()));
    return array;
  }

  std::shared_ptr<Engine> engine;
  ReckonContext *handle = nullptr;
  size_t numInputs = 0, numOutputs = 0;
};
} // namespace

PYBIND11_MODULE(_runtime, module) {
  module.doc() = "The runtime's C interface; use the package reckon.";
  reckon::python::registerStatus();
  module.def("version", &reckon_version);
  py::class_<TensorInfo>(module, "TensorInfo")
      .def_readonly("name", &TensorInfo::name)
      .def_readonly("type", &TensorInfo::type)
      .def_readonly("dtype", &TensorInfo::dtype)
      .def_readonly("shape", &TensorInfo::shape);
  py::class_<TableInfo>(module, "TableInfo")
      .def_readonly("name", &TableInfo::name)
      .def_readonly("type", &TableInfo::type)
      .def_readonly("encoding", &TableInfo::encoding)
      .def_readonly("rows", &TableInfo::rows)
      .def_readonly("dim", &TableInfo::dim)
      .def_readonly("row_bytes", &TableInfo::rowBytes);
  py::class_<TableBinding>(module, "TableBinding")
      .def(py::init([](std::string name, std::string path, py::object data, uint64_t offset, int64_t rows) {
             return TableBinding{std::move(name), std::move(path), std::move(data), offset, rows};
           }),
           py::arg("name"), py::arg("path"), py::arg("data"), py::arg("offset"), py::arg("rows"));
  py::class_<Engine, std::shared_ptr<Engine>>(module, "Engine")
      .def_static("open", &Engine::open, py::arg("path"), py::arg("tables"))
      .def_static("open_from_memory", &Engine::openFromMemory, py::arg("data"), py::arg("tables"))
      .def("inputs", &Engine::inputs)
      .def("outputs", &Engine::outputs)
      .def("tables", &Engine::tables)
      .def("dims", &Engine::dims);
  py::class_<Context>(module, "Context")
      .def(py::init<std::shared_ptr<Engine>, const std::string &, int>(), py::arg("engine"), py::arg("device"),
           py::arg("threads"))
      .def("run", &Context::run, py::arg("inputs"), py::arg("outs"))
      .def("prepare_on_device", &Context::prepareOnDevice, py::arg("inputs"))
      .def("run_on_device", &Context::runOnDevice, py::arg("outs"), py::arg("stream"))
      .def("synchronize", &Context::synchronize);
}
