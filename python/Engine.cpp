//===- Engine.cpp - Engines: opening, describing, saving, counting ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//

#include "Runtime.h"

#include <cstddef>
#include <optional>

using namespace reckon::python;

//===-- Opening ---------------------------------------------------------------===//

/// Opens an engine with tables bound: a sequence of (name or None, path, memory or None, offset, rows, seed), where
/// rows come from the memory, else from the path, else, where that is empty, are made up from the seed. The key is None
/// or bytes, the place of tables on a GPU a ReckonDeviceTables, and that on the host a sum of ReckonHostTables.
/// The last one is the pace of the scrub.
template <typename Open> static Ref openEngine(std::unique_ptr<Engine> engine, const Arguments &arguments, Open open) {
  PyObject *tables = arguments[1], *key = arguments[2];
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
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.bindings = bindings.data();
  options.num_bindings = bindings.size();
  options.device_tables = static_cast<ReckonDeviceTables>(toInteger(arguments[3]));
  options.host_tables = toInteger(arguments[4]);
  options.scrub_bytes_per_second = toInteger(arguments[5]);
  std::optional<Memory> keyBytes;
  if (key != Py_None) {
    keyBytes.emplace(key, PyBUF_C_CONTIGUOUS);
    if ((*keyBytes)->len != 32)
      throw StatusError{RECKON_INVALID,
                        "the public key has " + std::to_string((*keyBytes)->len) + " bytes, expected 32"};
    options.public_key = static_cast<const uint8_t *>((*keyBytes)->buf);
  }
  // Checksums read all of the file.
  checkUnlocked([&] { return open(&options, &engine->handle); });
  return Class<Engine>::make(std::move(engine));
}

/// (path, tables, key, place of tables on a GPU, and on the host, bytes a second that are scrubbed)
static Ref openFile(PyObject *, const Arguments &arguments) {
  std::string path = toPath(arguments[0]);
  return openEngine(std::make_unique<Engine>(), arguments,
                    [&](const ReckonOpenOptions *options, ReckonEngine **engine) {
                      return reckon_engine_open_with_options(path.c_str(), options, engine);
                    });
}

/// (bytes, tables, key, place of tables on a GPU, and on the host, bytes a second that are scrubbed)
static Ref openMemory(PyObject *, const Arguments &arguments) {
  auto engine = std::make_unique<Engine>();
  const Py_buffer bytes = *engine->kept.emplace_back(arguments[0], PyBUF_C_CONTIGUOUS);
  return openEngine(std::move(engine), arguments, [&](const ReckonOpenOptions *options, ReckonEngine **opened) {
    return reckon_engine_open_from_memory_with_options(bytes.buf, size_t(bytes.len), options, opened);
  });
}

//===-- What is in one ---------------------------------------------------------===//

/// (name, type, dtype, [size or expression of each axis])
static Ref describe(const ReckonTensorInfo &info) {
  return makeTuple(std::string(info.name), std::string(reckon_element_name(info.type)),
                   std::string(typeFacts(info.type).numpy),
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
                     std::string(typeFacts(info.type).numpy), std::string(info.encoding), info.rows, info.dim,
                     info.row_bytes);
  });
}

static Ref listDims(PyObject *self, const Arguments &) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  return makeList(reckon_engine_num_dims(engine),
                  [&](size_t index) { return toPython(std::string(reckon_engine_dim(engine, index))); });
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

namespace {
/// A weight of an engine, which it keeps.
struct Weight {
  Ref engine;
  const void *data;
  size_t bytes;
};
} // namespace

static std::pair<const void *, size_t> getWeight(PyObject *self) {
  auto &weight = Class<Weight>::of(self);
  return {weight.data, weight.bytes};
}

/// (name, packing, memory)
static Ref listWeights(PyObject *self, const Arguments &) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  return makeList(reckon_engine_num_weights(engine), [&](size_t index) {
    ReckonWeightInfo info = RECKON_WEIGHT_INFO_INIT;
    check(reckon_engine_weight(engine, index, &info));
    return makeTuple(std::string(info.name), std::string(info.packing),
                     Class<Weight>::make(std::make_unique<Weight>(Weight{Ref::share(self), info.data, info.bytes})));
  });
}

//===-- Counters --------------------------------------------------------------===//

namespace {
struct Counter {
  const char *name;
  uint64_t ReckonCounters::*value;
};
} // namespace

#define RECKON_COUNTER(NAME) {#NAME, &ReckonCounters::NAME}
static constexpr Counter allCounters[] = {RECKON_COUNTER(runs),
                                          RECKON_COUNTER(rows_looked_up),
                                          RECKON_COUNTER(table_bytes),
                                          RECKON_COUNTER(input_bytes),
                                          RECKON_COUNTER(output_bytes),
                                          RECKON_COUNTER(failed_invalid),
                                          RECKON_COUNTER(failed_unsupported),
                                          RECKON_COUNTER(failed_unavailable),
                                          RECKON_COUNTER(failed_internal),
                                          RECKON_COUNTER(cancelled),
                                          RECKON_COUNTER(deadline_exceeded),
                                          RECKON_COUNTER(waits),
                                          RECKON_COUNTER(wait_ns),
                                          RECKON_COUNTER(version),
                                          RECKON_COUNTER(commits),
                                          RECKON_COUNTER(rows_updated),
                                          RECKON_COUNTER(commit_wait_ns),
                                          RECKON_COUNTER(run_retries),
                                          RECKON_COUNTER(unchecked_bytes)};
#undef RECKON_COUNTER
static_assert(sizeof(ReckonCounters) == sizeof(size_t) + std::size(allCounters) * sizeof(uint64_t),
              "a counter is not in the list");

/// {name: value}
static Ref getCounters(PyObject *self, const Arguments &) {
  ReckonCounters counters = RECKON_COUNTERS_INIT;
  check(reckon_engine_counters(Class<Engine>::of(self).handle, &counters));
  Ref result = Ref::take(PyDict_New());
  for (const Counter &counter : allCounters)
    if (PyDict_SetItemString(result.get(), counter.name, toPython(counters.*counter.value).get()) != 0)
      throw Raised();
  return result;
}

/// (name or None)
static Ref getMetrics(PyObject *self, const Arguments &arguments) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  std::string name;
  if (arguments[0] != Py_None)
    name = toText(arguments[0]);
  const char *label = arguments[0] == Py_None ? nullptr : name.c_str();
  // Numbers may have grown by a digit since they were measured.
  size_t needed = 0;
  check(reckon_engine_metrics(engine, label, nullptr, 0, &needed));
  std::string text(2 * needed, 0);
  check(reckon_engine_metrics(engine, label, text.data(), text.size(), &needed));
  text.resize(needed - 1);
  return toPython(text);
}

//===-- Life ------------------------------------------------------------------===//

static Ref verifyEngine(PyObject *self, const Arguments &) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  checkUnlocked([&] { return reckon_engine_verify(engine); });
  return none();
}

namespace {
/// A callable that is told how far a warm-up is. What it raises ends the warm-up and is raised again.
class Progress {
public:
  explicit Progress(PyObject *function) : function(function) {}
  ~Progress() {
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
  }
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  /// Without the interpreter's lock. Also looks for Ctrl-C.
  static int tell(void *user, uint64_t done, uint64_t total) {
    auto &self = *static_cast<Progress *>(user);
    PyGILState_STATE state = PyGILState_Ensure();
    try {
      if (self.function != Py_None)
        Ref::take(PyObject_CallObject(self.function, makeTuple(int64_t(done), int64_t(total)).get()));
      if (PyErr_CheckSignals() != 0)
        throw Raised();
    } catch (const Raised &) {
      PyErr_Fetch(&self.type, &self.value, &self.trace);
    } catch (const std::bad_alloc &) {
      PyErr_NoMemory();
      PyErr_Fetch(&self.type, &self.value, &self.trace);
    }
    bool ends = self.type;
    PyGILState_Release(state);
    return ends;
  }
  void raiseAgain() {
    if (!type)
      return;
    PyErr_Restore(std::exchange(type, nullptr), std::exchange(value, nullptr), std::exchange(trace, nullptr));
    throw Raised();
  }

private:
  PyObject *function, *type = nullptr, *value = nullptr, *trace = nullptr;
};
} // namespace

/// (hot rows: a sequence of (table, ids as int64), whether all rows are read, progress: a callable or None)
static Ref warmUpEngine(PyObject *self, const Arguments &arguments) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  std::vector<std::string> names;
  std::vector<std::unique_ptr<Memory>> arrays;
  forEach(arguments[0], [&](size_t, PyObject *rows) {
    names.push_back(toText(Ref::take(PySequence_GetItem(rows, 0)).get()));
    arrays.push_back(std::make_unique<Memory>(Ref::take(PySequence_GetItem(rows, 1)).get(), PyBUF_C_CONTIGUOUS));
  });
  std::vector<ReckonHotRows> hot;
  for (size_t i = 0; i < names.size(); ++i)
    hot.push_back({sizeof(ReckonHotRows), names[i].c_str(), static_cast<const int64_t *>((*arrays[i])->buf),
                   size_t((*arrays[i])->len) / sizeof(int64_t)});
  Progress progress(arguments[2]);
  ReckonWarmUpOptions options = RECKON_WARM_UP_OPTIONS_INIT;
  options.hot_rows = hot.data();
  options.num_hot_rows = hot.size();
  options.all_rows = toInteger(arguments[1]);
  options.progress = Progress::tell;
  options.user = &progress;
  ReckonStatus status;
  {
    WithoutLock unlocked;
    status = reckon_engine_warm_up(engine, &options);
  }
  progress.raiseAgain();
  check(status);
  return none();
}

static Ref getEngineVersion(PyObject *self, const Arguments &) {
  return toPython(int64_t(reckon_engine_version(Class<Engine>::of(self).handle)));
}

/// (path)
static Ref saveEngine(PyObject *self, const Arguments &arguments) {
  ReckonEngine *engine = Class<Engine>::of(self).handle;
  std::string path = toPath(arguments[0]);
  checkUnlocked([&] { return reckon_engine_save(engine, path.c_str()); });
  return none();
}

static PyMethodDef functions[] = {method<openFile>("open_file"), method<openMemory>("open_memory"), {}};
static PyMethodDef engineMethods[] = {method<listTensors<reckon_engine_num_inputs, reckon_engine_input>>("inputs"),
                                      method<listTensors<reckon_engine_num_outputs, reckon_engine_output>>("outputs"),
                                      method<listTables>("tables"),
                                      method<listDims>("dims"),
                                      method<listKernels>("kernels"),
                                      method<listWeights>("weights"),
                                      method<getEngineVersion>("version"),
                                      method<getCounters>("counters"),
                                      method<getMetrics>("metrics"),
                                      method<verifyEngine>("verify"),
                                      method<warmUpEngine>("warm_up"),
                                      method<saveEngine>("save"),
                                      {}};
static PyMethodDef weightMethods[] = {{}};
static const PyType_Slot weightSlots[] = {bufferSlot<getWeight>(), {}};

void reckon::python::addEngines(PyObject *module) {
  addFunctions(module, functions);
  Class<Engine>::add(module, "reckon._runtime.Engine", engineMethods);
  Class<Weight>::add(module, "reckon._runtime.Weight", weightMethods, weightSlots);
}
