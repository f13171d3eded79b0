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

#include "Object.h"

#include "reckon/Runtime/Runtime.h"

#include <cstring>
#include <tuple>
#include <vector>

using namespace reckon::python;

static void check(ReckonStatus status) {
  if (status != RECKON_OK)
    throw StatusError{status, reckon_last_error()};
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
static bool holds(const Py_buffer &view, ReckonElementType type) {
  const char *format = view.format ? view.format : "B";
  bool isType = std::strlen(format) == 1 && std::strchr(numpyType(type).formats, format[0]) &&
                view.itemsize == Py_ssize_t(reckon_element_size(type));
  Py_ssize_t stride = view.itemsize;
  for (int axis = view.ndim; axis-- > 0 && view.len != 0; stride *= view.shape[axis])
    if (view.shape[axis] != 1 && view.strides[axis] != stride)
      return false;
  return isType;
}

//===-- Engines ---------------------------------------------------------------===//

namespace {
struct Engine {
  ReckonEngine *handle = nullptr;
  std::vector<Memory> kept; ///< what the engine reads in place

  Engine() = default;
  Engine(const Engine &) = delete;
  ~Engine() { reckon_engine_close(handle); }
};
} // namespace

/// Opens an engine with tables bound: a sequence of (name or None, path, memory or None, offset, rows, seed), where
/// rows come from the memory, else from the path, else, where that is empty, are made up from the seed.
template <typename Open> static Ref openEngine(std::unique_ptr<Engine> engine, PyObject *tables, Open open) {
  std::vector<ReckonTableBinding> bindings;
  std::vector<std::unique_ptr<std::string>> texts;
  forEach(tables, [&](size_t, PyObject *table) {
    auto field = [&](Py_ssize_t index) { return Ref::take(PySequence_GetItem(table, index)); };
    Ref name = field(0), data = field(2);
    ReckonTableBinding binding = RECKON_TABLE_BINDING_INIT;
    if (name.get() != Py_None)
      binding.table = texts.emplace_back(std::make_unique<std::string>(toText(name.get())))->c_str();
    binding.path = texts.emplace_back(std::make_unique<std::string>(toPath(field(1).get())))->c_str();
    binding.offset = toUnsigned(field(3).get());
    binding.rows = toInteger(field(4).get());
    binding.seed = toUnsigned(field(5).get());
    binding.source = *binding.path ? RECKON_TABLE_FILE : RECKON_TABLE_SYNTHETIC;
    if (data.get() != Py_None) {
      binding.source = RECKON_TABLE_MEMORY;
      binding.data = engine->kept.emplace_back(data.get(), PyBUF_C_CONTIGUOUS)->buf;
    }
    bindings.push_back(binding);
  });
  ReckonStatus status;
  {
    WithoutLock unlocked; // checksums read all of the file
    status = open(bindings.data(), bindings.size(), &engine->handle);
  }
  check(status);
  return Class<Engine>::make(std::move(engine));
}

static Ref openFile(PyObject *, const Arguments &arguments) {
  std::string path = toPath(arguments[0]);
  return openEngine(std::make_unique<Engine>(), arguments[1],
                    [&](const ReckonTableBinding *tables, size_t count, ReckonEngine **engine) {
                      return reckon_engine_open(path.c_str(), tables, count, engine);
                    });
}

static Ref openMemory(PyObject *, const Arguments &arguments) {
  auto engine = std::make_unique<Engine>();
  const Py_buffer bytes = *engine->kept.emplace_back(arguments[0], PyBUF_C_CONTIGUOUS);
  return openEngine(std::move(engine), arguments[1],
                    [&](const ReckonTableBinding *tables, size_t count, ReckonEngine **opened) {
                      return reckon_engine_open_from_memory(bytes.buf, size_t(bytes.len), tables, count, opened);
                    });
}

/// (name, type, dtype, [size or expression of each axis])
static Ref describe(const ReckonTensorInfo &info) {
  return makeTuple(std::string(info.name), std::string(reckon_element_name(info.type)),
                   std::string(numpyType(info.type).name),
                   makeList(info.rank, [&](size_t axis) { return toPython(std::string(info.shape[axis])); }));
}

template <auto count, auto get> static Ref listTensors(PyObject *self, const Arguments &) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  return makeList(count(engine), [&](size_t index) {
    ReckonTensorInfo info;
    check(get(engine, index, &info));
    return describe(info);
  });
}

/// (name, type, dtype, encoding, rows, dim, bytes of a row)
static Ref listTables(PyObject *self, const Arguments &) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  return makeList(reckon_engine_num_tables(engine), [&](size_t index) {
    ReckonTableInfo info;
    check(reckon_engine_table(engine, index, &info));
    return makeTuple(std::string(info.name), std::string(reckon_element_name(info.type)),
                     std::string(numpyType(info.type).name), std::string(info.encoding), info.rows, info.dim,
                     info.row_bytes);
  });
}

static Ref listDims(PyObject *self, const Arguments &) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  return makeList(reckon_engine_num_dims(engine),
                  [&](size_t index) { return toPython(std::string(reckon_engine_dim(engine, index))); });
}

static Ref makeTexts(const char *const *texts, size_t count) {
  return makeList(count, [&](size_t index) { return toPython(std::string(texts[index])); });
}

/// (name, kind, device, target, [node]) of the code for every device
static Ref listKernels(PyObject *self, const Arguments &) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  return makeList(reckon_engine_num_kernels(engine), [&](size_t index) {
    ReckonKernelInfo info = RECKON_KERNEL_INFO_INIT;
    check(reckon_engine_kernel(engine, index, &info));
    return makeTuple(std::string(info.name), std::string(info.kind), std::string(info.device), std::string(info.target),
                     makeTexts(info.nodes, info.num_nodes));
  });
}

//===-- Contexts --------------------------------------------------------------===//

namespace {
using Shape = std::vector<int64_t>;

/// Where a tensor is: in an object's memory, or at an address on the context's GPU.
struct Place {
  void *data;
  Shape shape; ///< of an input
  size_t bytes;
  bool isOnDevice;
};

/// Inputs and outputs of a run, in the engine's order.
struct Tensors {
  std::vector<Place> inputs, outputs;
  std::vector<Memory> kept;
  Ref results; ///< what the caller's function made for the outputs
};

class Context {
public:
  Context(PyObject *of, const std::string &device, int threads) : engine(Ref::share(of)) {
    ReckonEngine *opened = Class<Engine>::of(of).handle;
    ReckonContextOptions options = RECKON_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    options.device = device.c_str();
    ReckonStatus status;
    {
      WithoutLock unlocked;
      status = reckon_context_create(opened, &options, &handle);
    }
    check(status);
    describeAll(opened, reckon_engine_num_inputs(opened), reckon_engine_input, inputs);
    describeAll(opened, reckon_engine_num_outputs(opened), reckon_engine_output, outputs);
  }
  Context(const Context &) = delete;
  ~Context() {
    WithoutLock unlocked; // waits for threads
    reckon_context_destroy(handle);
  }

  /// Keeps the context from other threads while this lives.
  class Claim {
  public:
    explicit Claim(Context &context) : context(context) {
      if (std::exchange(context.isBusy, true))
        throw StatusError{RECKON_INVALID,
                          "the context is running in another thread: give each thread a context of its own"};
    }
    Claim(const Claim &) = delete;
    ~Claim() { context.isBusy = false; }

  private:
    Context &context;
  };

  /// Binds a sequence of dense memory of the inputs' types, or of addresses on the GPU with their shapes, asks `make`
  /// for memory for outputs of the shapes that it is called with, and binds that.
  void bind(PyObject *given, PyObject *make, Tensors &tensors) {
    Ref shapes = prepare(given, tensors);
    tensors.results = Ref::take(PyObject_CallFunctionObjArgs(make, shapes.get(), nullptr));
    expect(outputs.size(), "outputs", forEach(tensors.results.get(), [&](size_t index, PyObject *output) {
             if (index < outputs.size())
               tensors.outputs.push_back(place(outputs[index], "output", output, tensors, PyBUF_RECORDS));
           }));
    bindOutputs(tensors);
  }

  /// Binds the inputs alone; gives the shapes that the outputs will have.
  Ref prepare(PyObject *given, Tensors &tensors) {
    bound = nullptr;
    expect(inputs.size(), "inputs", forEach(given, [&](size_t index, PyObject *input) {
             if (index < inputs.size())
               tensors.inputs.push_back(place(inputs[index], "input", input, tensors, PyBUF_RECORDS_RO));
           }));
    bindInputs(tensors);
    check(reckon_prepare(handle));
    return makeList(outputs.size(), [&](size_t index) {
      ReckonTensor tensor;
      check(reckon_output(handle, index, &tensor));
      return makeList(tensor.rank, [&](size_t axis) { return toPython(tensor.shape[axis]); });
    });
  }

  /// Makes tensors that were bound before, and stay where they are, those of the next run.
  void bindAgain(const Tensors &tensors) {
    if (bound == &tensors)
      return;
    bound = nullptr;
    bindInputs(tensors);
    bindOutputs(tensors);
    bound = &tensors;
  }

  void unbindOutputs() {
    bound = nullptr;
    for (size_t i = 0; i < outputs.size(); ++i)
      std::ignore = reckon_set_output(handle, i, outputs[i].type, nullptr, 0);
  }
  void forget(const Tensors &tensors) {
    if (bound == &tensors)
      unbindOutputs();
  }

  void run() {
    call([&] { return reckon_run(handle); });
  }
  void enqueue(void *stream) {
    call([&] { return reckon_run_async(handle, stream); });
  }
  void synchronize() {
    call([&] { return reckon_synchronize(handle); });
  }
  uint64_t lastVersion() const {
    uint64_t version;
    check(reckon_run_version(handle, &version));
    return version;
  }

  /// Runs and gives (microseconds, [dispatch], [event]), with the fields of the C structs.
  Ref profile() {
    ReckonProfile profile = RECKON_PROFILE_INIT;
    call([&] { return reckon_profile(handle, &profile); });
    Ref dispatches = makeList(profile.num_dispatches, [&](size_t index) {
      ReckonDispatchProfile d = RECKON_DISPATCH_PROFILE_INIT;
      check(reckon_profile_dispatch(handle, index, &d));
      return makeTuple(std::string(d.kernel), std::string(d.kind), makeTexts(d.nodes, d.num_nodes), d.busy_us, d.rows,
                       d.flops, d.bytes, d.registers);
    });
    Ref events = makeList(profile.num_events, [&](size_t index) {
      ReckonProfileEvent e = RECKON_PROFILE_EVENT_INIT;
      check(reckon_profile_event(handle, index, &e));
      return makeTuple(int64_t(e.dispatch), int64_t(e.thread), e.begin_us, e.end_us, e.first_row, e.end_row);
    });
    return makeTuple(profile.total_us, std::move(dispatches), std::move(events));
  }

private:
  template <typename Get>
  static void describeAll(ReckonEngine *engine, size_t count, Get get, std::vector<ReckonTensorInfo> &infos) {
    infos.resize(count);
    for (size_t i = 0; i < count; ++i)
      check(get(engine, i, &infos[i]));
  }

  static void expect(size_t wanted, const char *what, size_t count) {
    if (count != wanted)
      throw StatusError{RECKON_INVALID, "expected " + std::to_string(wanted) + " " + what};
  }

  /// Where an object, or an (address, shape, bytes) on the GPU, is.
  static Place place(const ReckonTensorInfo &info, const char *kind, PyObject *given, Tensors &tensors, int flags) {
    if (!PyTuple_Check(given)) {
      const Py_buffer &view = *tensors.kept.emplace_back(given, flags);
      if (!holds(view, info.type))
        throw StatusError{RECKON_INVALID, std::string(kind) + " '" + info.name +
                                              "': expected a C-contiguous array of " + numpyType(info.type).name};
      return {view.buf, {view.shape, view.shape + view.ndim}, size_t(view.len), false};
    }
    auto field = [&](Py_ssize_t index) { return Ref::take(PySequence_GetItem(given, index)); };
    Place result{reinterpret_cast<void *>(toUnsigned(field(0).get())), {}, toUnsigned(field(2).get()), true};
    forEach(field(1).get(), [&](size_t, PyObject *size) { result.shape.push_back(toInteger(size)); });
    return result;
  }

  void bindInputs(const Tensors &tensors) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Place &input = tensors.inputs[i];
      auto set = input.isOnDevice ? reckon_set_device_input : reckon_set_input;
      check(set(handle, i, inputs[i].type, input.shape.size(), input.shape.data(), input.data));
    }
  }

  void bindOutputs(const Tensors &tensors) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Place &output = tensors.outputs[i];
      auto set = output.isOnDevice ? reckon_set_device_output : reckon_set_output;
      check(set(handle, i, outputs[i].type, output.data, output.bytes));
    }
  }

  template <typename Call> void call(Call call) {
    ReckonStatus status;
    {
      WithoutLock unlocked;
      status = call();
    }
    check(status);
  }

  Ref engine;
  ReckonContext *handle = nullptr;
  std::vector<ReckonTensorInfo> inputs, outputs;
  const Tensors *bound = nullptr; ///< what the context has now and may have for the next run
  bool isBusy = false;            ///< under the interpreter's lock
};

/// Leaves a context without memory of others.
struct Unbind {
  Context &context;
  ~Unbind() { context.unbindOutputs(); }
};

/// Tensors that stay bound from one run to the next.
struct Bound {
  Ref owner;
  Context &context;
  Tensors tensors;

  explicit Bound(PyObject *owner) : owner(Ref::share(owner)), context(Class<Context>::of(owner)) {}
  Bound(const Bound &) = delete;
  ~Bound() { context.forget(tensors); }
};
} // namespace

//===-- Updates ---------------------------------------------------------------===//

namespace {
/// Changes of an engine that are made together.
class Update {
public:
  explicit Update(PyObject *of) : engine(Ref::share(of)), opened(Class<Engine>::of(of).handle) {
    check(reckon_update_create(opened, &handle));
  }
  Update(const Update &) = delete;
  ~Update() { reckon_update_destroy(handle); }

  /// Calls `call` with the update while no other thread may.
  template <typename Call> void change(Call call) {
    if (std::exchange(isBusy, true))
      throw StatusError{RECKON_INVALID, "the update is in use by another thread"};
    ReckonStatus status;
    {
      WithoutLock unlocked;
      status = call(handle);
    }
    isBusy = false;
    check(status);
  }

  /// How many rows of a table a memory has.
  size_t countRows(const std::string &table, const Memory &rows) const {
    for (size_t i = 0; i < reckon_engine_num_tables(opened); ++i) {
      ReckonTableInfo info;
      check(reckon_engine_table(opened, i, &info));
      if (table != info.name)
        continue;
      if (info.row_bytes == 0 || rows->len % info.row_bytes != 0)
        throw StatusError{RECKON_INVALID, "table '" + table + "': " + std::to_string(rows->len) +
                                              " bytes are no whole number of rows of " +
                                              std::to_string(info.row_bytes)};
      return size_t(rows->len / info.row_bytes);
    }
    throw StatusError{RECKON_INVALID, "the engine has no table '" + table + "'"};
  }

  static Memory takeIds(PyObject *ids) {
    Memory memory(ids, PyBUF_RECORDS_RO);
    if (memory->ndim != 1 || !holds(*memory, RECKON_I64))
      throw StatusError{RECKON_INVALID, "ids: expected a C-contiguous array of int64 of one dimension"};
    return memory;
  }

private:
  Ref engine;
  ReckonEngine *opened;
  ReckonUpdate *handle = nullptr;
  bool isBusy = false; ///< under the interpreter's lock
};
} // namespace

/// (engine)
static Ref createUpdate(PyObject *, const Arguments &arguments) {
  return Class<Update>::make(std::make_unique<Update>(arguments[0]));
}

/// (table, ids, rows)
static Ref updateRows(PyObject *self, const Arguments &arguments) {
  auto &update = Class<Update>::of(self);
  std::string table = toText(arguments[0]);
  Memory ids = Update::takeIds(arguments[1]), rows(arguments[2], PyBUF_C_CONTIGUOUS);
  auto count = size_t(ids->shape[0]);
  if (size_t given = update.countRows(table, rows); given != count)
    throw StatusError{RECKON_INVALID, "table '" + table + "': " + std::to_string(count) + " ids and " +
                                          std::to_string(given) + " rows"};
  update.change([&](ReckonUpdate *handle) {
    return reckon_update_rows(handle, table.c_str(), static_cast<const int64_t *>(ids->buf), count, rows->buf);
  });
  return none();
}

/// (table, rows)
static Ref updateTable(PyObject *self, const Arguments &arguments) {
  auto &update = Class<Update>::of(self);
  std::string table = toText(arguments[0]);
  Memory rows(arguments[1], PyBUF_C_CONTIGUOUS);
  size_t count = update.countRows(table, rows);
  update.change([&](ReckonUpdate *handle) { return reckon_update_table(handle, table.c_str(), count, rows->buf); });
  return none();
}

/// (table, ids)
static Ref deleteRows(PyObject *self, const Arguments &arguments) {
  auto &update = Class<Update>::of(self);
  std::string table = toText(arguments[0]);
  Memory ids = Update::takeIds(arguments[1]);
  update.change([&](ReckonUpdate *handle) {
    return reckon_update_delete_rows(handle, table.c_str(), static_cast<const int64_t *>(ids->buf),
                                     size_t(ids->shape[0]));
  });
  return none();
}

/// The version that the changes became.
static Ref commitUpdate(PyObject *self, const Arguments &) {
  uint64_t version = 0;
  Class<Update>::of(self).change([&](ReckonUpdate *handle) { return reckon_update_commit(handle, &version); });
  return toPython(int64_t(version));
}

static Ref getEngineVersion(PyObject *self, const Arguments &) {
  return toPython(int64_t(reckon_engine_version(Class<Engine>::of(self).handle)));
}

/// (path)
static Ref saveEngine(PyObject *self, const Arguments &arguments) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  std::string path = toPath(arguments[0]);
  ReckonStatus status;
  {
    WithoutLock unlocked;
    status = reckon_engine_save(engine, path.c_str());
  }
  check(status);
  return none();
}

/// (engine, device, threads)
static Ref createContext(PyObject *, const Arguments &arguments) {
  int64_t threads = toInteger(arguments[2]);
  if (threads < 0 || threads > 1 << 20)
    throw StatusError{RECKON_INVALID, "threads: " + std::to_string(threads) + " is no number of threads"};
  return Class<Context>::make(std::make_unique<Context>(arguments[0], toText(arguments[1]), int(threads)));
}

/// (inputs, make): runs on arrays in host memory. Gives what `make` gave; nothing stays bound.
static Ref runOnce(PyObject *self, const Arguments &arguments) {
  auto &context = Class<Context>::of(self);
  Context::Claim claim(context);
  Tensors tensors;
  Unbind unbind{context};
  context.bind(arguments[0], arguments[1], tensors);
  context.run();
  return std::move(tensors.results);
}

/// (inputs, make): the same, and where its time went. Tensors on a GPU must be there already.
static Ref profileOnce(PyObject *self, const Arguments &arguments) {
  auto &context = Class<Context>::of(self);
  Context::Claim claim(context);
  Tensors tensors;
  Unbind unbind{context};
  context.bind(arguments[0], arguments[1], tensors);
  return context.profile();
}

/// (inputs, make, stream): enqueues a run on tensors on the GPU.
static Ref enqueueOnce(PyObject *self, const Arguments &arguments) {
  auto &context = Class<Context>::of(self);
  Context::Claim claim(context);
  Tensors tensors;
  context.bind(arguments[0], arguments[1], tensors);
  context.enqueue(reinterpret_cast<void *>(toUnsigned(arguments[2])));
  return none();
}

/// (inputs): the shapes of the outputs of a run on them.
static Ref solveShapes(PyObject *self, const Arguments &arguments) {
  auto &context = Class<Context>::of(self);
  Context::Claim claim(context);
  Tensors tensors;
  return context.prepare(arguments[0], tensors);
}

/// (inputs, make): tensors for many runs.
static Ref bindTensors(PyObject *self, const Arguments &arguments) {
  auto bound = std::make_unique<Bound>(self);
  Context::Claim claim(bound->context);
  bound->context.bind(arguments[0], arguments[1], bound->tensors);
  return Class<Bound>::make(std::move(bound));
}

static Ref synchronize(PyObject *self, const Arguments &) {
  auto &context = Class<Context>::of(self);
  Context::Claim claim(context);
  context.synchronize();
  return none();
}

static Ref getRunVersion(PyObject *self, const Arguments &) {
  auto &context = Class<Context>::of(self);
  Context::Claim claim(context);
  return toPython(int64_t(context.lastVersion()));
}

static Ref runBound(PyObject *self, const Arguments &) {
  auto &bound = Class<Bound>::of(self);
  Context::Claim claim(bound.context);
  bound.context.bindAgain(bound.tensors);
  bound.context.run();
  return none();
}

/// (stream)
static Ref enqueueBound(PyObject *self, const Arguments &arguments) {
  auto &bound = Class<Bound>::of(self);
  Context::Claim claim(bound.context);
  bound.context.bindAgain(bound.tensors);
  bound.context.enqueue(reinterpret_cast<void *>(toUnsigned(arguments[0])));
  return none();
}

static Ref getVersion(PyObject *, const Arguments &) { return toPython(std::string(reckon_version())); }

//===-- The module --------------------------------------------------------------===//

static PyMethodDef functions[] = {method<getVersion>("version"),         method<openFile>("open_file"),
                                  method<openMemory>("open_memory"),     method<createContext>("create_context"),
                                  method<createUpdate>("create_update"), {}};
static PyMethodDef engineMethods[] = {method<listTensors<reckon_engine_num_inputs, reckon_engine_input>>("inputs"),
                                      method<listTensors<reckon_engine_num_outputs, reckon_engine_output>>("outputs"),
                                      method<listTables>("tables"),
                                      method<listKernels>("kernels"),
                                      method<getEngineVersion>("version"),
                                      method<saveEngine>("save"),
                                      method<listDims>("dims"),
                                      {}};
static PyMethodDef contextMethods[] = {method<runOnce>("run"),
                                       method<profileOnce>("profile"),
                                       method<enqueueOnce>("enqueue"),
                                       method<bindTensors>("bind"),
                                       method<solveShapes>("shapes"),
                                       method<getRunVersion>("version"),
                                       method<synchronize>("synchronize"),
                                       {}};
static PyMethodDef updateMethods[] = {method<updateRows>("rows"),
                                      method<updateTable>("table"),
                                      method<deleteRows>("delete_rows"),
                                      method<commitUpdate>("commit"),
                                      {}};
static PyMethodDef boundMethods[] = {method<runBound>("run"), method<enqueueBound>("enqueue"), {}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                                 "reckon._runtime",
                                 "The runtime's C interface; use the package reckon.",
                                 -1,
                                 functions,
                                 nullptr,
                                 nullptr,
                                 nullptr,
                                 nullptr};

// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that Python looks for
PyMODINIT_FUNC PyInit__runtime() {
  return guarded([] {
    Ref module = Ref::take(PyModule_Create(&definition));
    Class<Engine>::add(module.get(), "reckon._runtime.Engine", engineMethods);
    Class<Context>::add(module.get(), "reckon._runtime.Context", contextMethods);
    Class<Update>::add(module.get(), "reckon._runtime.Update", updateMethods);
    Class<Bound>::add(module.get(), "reckon._runtime.Bound", boundMethods);
    return module;
  });
}
