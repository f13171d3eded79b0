//===- Runtime.cpp - reckon._runtime: the runtime's C interface for Python -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//
//
// Memory in, memory out, by the buffer protocol: numpy's own interface differs between its versions. Names, conversions
// and messages about wrong use are Python's (reckon/engine.py); nothing here trusts them with memory.
//
//===-----------------------------------------------------------------------------------===//

#include "Status.h"

#include "reckon/Runtime/Runtime.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstring>
#include <memory>

namespace py = pybind11;
using reckon::python::StatusError;

static void check(ReckonStatus status) {
  if (status != RECKON_OK)
    throw StatusError(status, reckon_last_error());
}

//===-- Types -----------------------------------------------------------------===//

namespace {
struct NumpyType {
  const char *name;    ///< of the dtype
  const char *formats; ///< the struct module's letters for memory that holds elements of it
};
} // namespace

/// An element type to numpy. It has no bfloat16: those are their bits.
static NumpyType numpyType(ReckonElementType type) {
  switch (type) {
  case RECKON_F32:
    return {"float32", "f"};
  case RECKON_F16:
    return {"float16", "e"};
  case RECKON_F64:
    return {"float64", "d"};
  case RECKON_I8:
    return {"int8", "b"};
  case RECKON_I16:
    return {"int16", "h"};
  case RECKON_I32:
    return {"int32", "il"};
  case RECKON_I64:
    return {"int64", "lq"};
  case RECKON_U8:
    return {"uint8", "B"};
  case RECKON_BF16:
  case RECKON_U16:
    return {"uint16", "H"};
  case RECKON_U32:
    return {"uint32", "IL"};
  case RECKON_U64:
    return {"uint64", "LQ"};
  case RECKON_BOOL:
    return {"bool", "?"};
  }
  return {"", ""};
}

/// Whether memory is dense and holds elements of the type in the machine's byte order.
static bool holds(const py::buffer_info &info, ReckonElementType type) {
  const std::string &format = info.format;
  bool isType = format.size() == 1 && std::strchr(numpyType(type).formats, format[0]) &&
                info.itemsize == py::ssize_t(reckon_element_size(type));
  py::ssize_t stride = info.itemsize;
  for (size_t axis = info.shape.size(); axis-- > 0 && info.size != 0; stride *= info.shape[axis])
    if (info.shape[axis] != 1 && info.strides[axis] != stride)
      return false;
  return isType;
}

//===-- Engines ---------------------------------------------------------------===//

namespace {
struct TensorInfo {
  std::string name, type, dtype;
  std::vector<std::string> shape;
};

struct TableInfo {
  std::string name, type, dtype, encoding;
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
      result.push_back({info.name, reckon_element_name(info.type), numpyType(info.type).name, info.encoding, info.rows,
                        info.dim, info.row_bytes});
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
        binding.data = py::reinterpret_borrow<py::buffer>(table.data).request().ptr;
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
      result.push_back({info.name, reckon_element_name(info.type), numpyType(info.type).name,
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
    for (size_t i = 0; i < numOutputs; ++i) {
      ReckonTensorInfo info;
      check(reckon_engine_output(engine->handle, i, &info));
      outputTypes.push_back(info.type);
    }
  }
  Context(const Context &) = delete;
  ~Context() {
    py::gil_scoped_release release; // waits for threads
    reckon_context_destroy(handle);
  }

  using Shape = std::vector<int64_t>;

  /// Binds dense memory of the inputs' types, in their order; gives the shapes that the outputs will have.
  std::vector<Shape> prepare(const std::vector<py::buffer> &inputs) {
    if (inputs.size() != numInputs)
      throw StatusError(RECKON_INVALID, "expected " + std::to_string(numInputs) + " inputs");
    for (size_t i = 0; i < numInputs; ++i) {
      ReckonTensorInfo info;
      check(reckon_engine_input(engine->handle, i, &info));
      py::buffer_info memory = inputs[i].request();
      if (!holds(memory, info.type))
        throw StatusError(RECKON_INVALID, std::string("input '") + info.name + "': expected a C-contiguous array of " +
                                              numpyType(info.type).name);
      Shape shape(memory.shape.begin(), memory.shape.end());
      check(reckon_set_input(handle, i, info.type, shape.size(), shape.data(), memory.ptr));
    }
    bound = inputs;
    isPrepared = true;
    return outputShapes();
  }

  /// Runs on what prepare() bound, into writable dense memory for each output. None of it stays bound.
  void run(const std::vector<py::buffer> &outs) {
    if (outs.size() != numOutputs)
      throw StatusError(RECKON_INVALID, "expected " + std::to_string(numOutputs) + " outputs");
    if (!isPrepared)
      throw StatusError(RECKON_INVALID, "no inputs are bound");
    struct Unbind {
      Context &context;
      ~Unbind() {
        context.isPrepared = false;
        context.bound.clear();
        for (size_t i = 0; i < context.numOutputs; ++i)
          std::ignore = reckon_set_output(context.handle, i, context.outputTypes[i], nullptr, 0);
      }
    } unbind{*this};
    for (size_t i = 0; i < numOutputs; ++i) {
      py::buffer_info memory = outs[i].request(/*writable=*/true);
      if (!holds(memory, outputTypes[i]))
        throw StatusError(RECKON_INVALID, "an output's memory is not dense or of another type");
      check(reckon_set_output(handle, i, outputTypes[i], memory.ptr, size_t(memory.size * memory.itemsize)));
    }
    ReckonStatus status;
    {
      py::gil_scoped_release release;
      status = reckon_run(handle);
    }
    check(status);
  }

  /// Binds addresses on the context's GPU, with their shapes, as the inputs; gives the shapes that the outputs will
  /// have.
  std::vector<Shape> prepareOnDevice(const std::vector<std::pair<uintptr_t, Shape>> &inputs) {
    if (inputs.size() != numInputs)
      throw StatusError(RECKON_INVALID, "expected " + std::to_string(numInputs) + " inputs");
    isPrepared = false; // for a run on the host
    for (size_t i = 0; i < numInputs; ++i) {
      ReckonTensorInfo info;
      check(reckon_engine_input(engine->handle, i, &info));
      const auto &[address, shape] = inputs[i];
      check(reckon_set_device_input(handle, i, info.type, shape.size(), shape.data(),
                                    reinterpret_cast<const void *>(address)));
    }
    return outputShapes();
  }

  /// Enqueues a run on a stream, with an address and its bytes for each output.
  void runOnDevice(const std::vector<std::pair<uintptr_t, size_t>> &outs, uintptr_t stream) {
    if (outs.size() != numOutputs)
      throw StatusError(RECKON_INVALID, "expected " + std::to_string(numOutputs) + " outputs");
    for (size_t i = 0; i < numOutputs; ++i)
      check(
          reckon_set_device_output(handle, i, outputTypes[i], reinterpret_cast<void *>(outs[i].first), outs[i].second));
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
  std::vector<Shape> outputShapes() {
    check(reckon_prepare(handle));
    std::vector<Shape> shapes;
    for (size_t i = 0; i < numOutputs; ++i) {
      ReckonTensor tensor;
      check(reckon_output(handle, i, &tensor));
      shapes.emplace_back(tensor.shape, tensor.shape + tensor.rank);
    }
    return shapes;
  }

  std::shared_ptr<Engine> engine;
  ReckonContext *handle = nullptr;
  size_t numInputs = 0, numOutputs = 0;
  std::vector<ReckonElementType> outputTypes;
  std::vector<py::buffer> bound; ///< inputs, alive until the run has ended
  bool isPrepared = false;
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
      .def_readonly("dtype", &TableInfo::dtype)
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
      .def("prepare", &Context::prepare, py::arg("inputs"))
      .def("run", &Context::run, py::arg("outs"))
      .def("prepare_on_device", &Context::prepareOnDevice, py::arg("inputs"))
      .def("run_on_device", &Context::runOnDevice, py::arg("outs"), py::arg("stream"))
      .def("synchronize", &Context::synchronize);
}
