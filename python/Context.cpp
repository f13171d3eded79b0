//===- Context.cpp - Contexts, which run engines ---------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//

#include "DirectRun.h"

#include <cstdlib>
#include <optional>
#include <tuple>

using namespace reckon::python;

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
  /// `makeMakers` as for DirectRun.
  Context(PyObject *of, const std::string &device, int threads, PyObject *makeMakers) : engine(Ref::share(of)) {
    ReckonEngine *opened = Class<Engine>::of(of).handle;
    ReckonContextOptions options = RECKON_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    options.device = device.c_str();
    checkUnlocked([&] { return reckon_context_create(opened, &options, &handle); });
    describeAll(opened, reckon_engine_num_inputs(opened), reckon_engine_input, inputs);
    describeAll(opened, reckon_engine_num_outputs(opened), reckon_engine_output, outputs);
    direct.emplace(handle, inputs, outputs, gpuOf(device), makeMakers);
  }
  Context(const Context &) = delete;
  ~Context() {
    WithoutLock unlocked; // waits for threads
    reckon_context_destroy(handle);
  }

  Claim claim() { return {isBusy, "the context is running in another thread: give each thread a context of its own"}; }

  /// As DirectRun::run().
  Ref runDirectly(PyObject *given, PyObject *out, const RunLimits &limits) {
    bound = nullptr;
    return direct->run(given, out, limits);
  }

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

  void run(const RunLimits &limits) {
    checkUnlocked([&] { return reckon_run_with_options(handle, limits.get()); });
  }
  void enqueue(void *stream, const RunLimits &limits) {
    checkUnlocked([&] { return reckon_run_async_with_options(handle, stream, limits.get()); });
  }
  void synchronize() {
    checkUnlocked([&] { return reckon_synchronize(handle); });
  }
  /// From any thread.
  void cancel() { check(reckon_cancel(handle)); }
  uint64_t lastVersion() const {
    uint64_t version;
    check(reckon_run_version(handle, &version));
    return version;
  }

  /// Runs and gives (microseconds, [dispatch], [event]), with the fields of the C structs.
  Ref profile() {
    ReckonProfile profile = RECKON_PROFILE_INIT;
    checkUnlocked([&] { return reckon_profile(handle, &profile); });
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
                                              "': expected a C-contiguous array of " + typeFacts(info.type).numpy};
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

  /// The number in "cuda:N"; the first one where there is none.
  static int32_t gpuOf(const std::string &device) {
    size_t colon = device.find(':');
    return colon == std::string::npos ? 0 : int32_t(std::strtol(device.c_str() + colon + 1, nullptr, 10));
  }

  Ref engine;
  ReckonContext *handle = nullptr;
  std::vector<ReckonTensorInfo> inputs, outputs;
  std::optional<DirectRun> direct;
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

//===-- Functions ---------------------------------------------------------------===//

/// (engine, device, threads, what makes makers of outputs)
static Ref createContext(PyObject *, const Arguments &arguments) {
  int64_t threads = toInteger(arguments[2]);
  if (threads != int(threads))
    throw StatusError{RECKON_INVALID, "threads: " + std::to_string(threads) + " is no number of threads"};
  return Class<Context>::make(
      std::make_unique<Context>(arguments[0], toText(arguments[1]), int(threads), arguments[3]));
}

/// (inputs, out or None, limit): DirectRun::run().
static Ref runDirectly(PyObject *self, const Arguments &arguments) {
  auto &context = Class<Context>::of(self);
  RunLimits limits(toInteger(arguments[2]));
  Claim claim = context.claim();
  return context.runDirectly(arguments[0], arguments[1], limits);
}

/// (inputs, make, limit): runs on arrays in host memory. Gives what `make` gave; nothing stays bound.
static Ref runOnce(PyObject *self, const Arguments &arguments) {
  auto &context = Class<Context>::of(self);
  RunLimits limits(toInteger(arguments[2]));
  Claim claim = context.claim();
  Tensors tensors;
  Unbind unbind{context};
  context.bind(arguments[0], arguments[1], tensors);
  context.run(limits);
  return std::move(tensors.results);
}

/// (inputs, make): the same, and where its time went. Tensors on a GPU must be there already.
static Ref profileOnce(PyObject *self, const Arguments &arguments) {
  auto &context = Class<Context>::of(self);
  Claim claim = context.claim();
  Tensors tensors;
  Unbind unbind{context};
  context.bind(arguments[0], arguments[1], tensors);
  return context.profile();
}

/// (inputs, make, stream, limit): enqueues a run on tensors on the GPU.
static Ref enqueueOnce(PyObject *self, const Arguments &arguments) {
  auto &context = Class<Context>::of(self);
  RunLimits limits(toInteger(arguments[3]));
  Claim claim = context.claim();
  Tensors tensors;
  context.bind(arguments[0], arguments[1], tensors);
  context.enqueue(reinterpret_cast<void *>(toUnsigned(arguments[2])), limits);
  return none();
}

/// (inputs): the shapes of the outputs of a run on them.
static Ref solveShapes(PyObject *self, const Arguments &arguments) {
  auto &context = Class<Context>::of(self);
  Claim claim = context.claim();
  Tensors tensors;
  return context.prepare(arguments[0], tensors);
}

/// (inputs, make): tensors for many runs.
static Ref bindTensors(PyObject *self, const Arguments &arguments) {
  auto bound = std::make_unique<Bound>(self);
  Claim claim = bound->context.claim();
  bound->context.bind(arguments[0], arguments[1], bound->tensors);
  return Class<Bound>::make(std::move(bound));
}

static Ref synchronize(PyObject *self, const Arguments &) {
  auto &context = Class<Context>::of(self);
  Claim claim = context.claim();
  context.synchronize();
  return none();
}

/// Without a claim: it is for the run that another thread is in.
static Ref cancelRun(PyObject *self, const Arguments &) {
  Class<Context>::of(self).cancel();
  return none();
}

static Ref getRunVersion(PyObject *self, const Arguments &) {
  auto &context = Class<Context>::of(self);
  Claim claim = context.claim();
  return toPython(context.lastVersion());
}

/// (limit)
static Ref runBound(PyObject *self, const Arguments &arguments) {
  auto &bound = Class<Bound>::of(self);
  RunLimits limits(toInteger(arguments[0]));
  Claim claim = bound.context.claim();
  bound.context.bindAgain(bound.tensors);
  bound.context.run(limits);
  return none();
}

/// (stream, limit)
static Ref enqueueBound(PyObject *self, const Arguments &arguments) {
  auto &bound = Class<Bound>::of(self);
  RunLimits limits(toInteger(arguments[1]));
  Claim claim = bound.context.claim();
  bound.context.bindAgain(bound.tensors);
  bound.context.enqueue(reinterpret_cast<void *>(toUnsigned(arguments[0])), limits);
  return none();
}

static PyMethodDef functions[] = {method<createContext>("create_context"), {}};
static PyMethodDef contextMethods[] = {method<runDirectly>("run_directly"), method<runOnce>("run"),
                                       method<profileOnce>("profile"),      method<enqueueOnce>("enqueue"),
                                       method<bindTensors>("bind"),         method<solveShapes>("shapes"),
                                       method<getRunVersion>("version"),    method<cancelRun>("cancel"),
                                       method<synchronize>("synchronize"),  {}};
static PyMethodDef boundMethods[] = {method<runBound>("run"), method<enqueueBound>("enqueue"), {}};

void reckon::python::addContexts(PyObject *module) {
  findNumpy();
  addFunctions(module, functions);
  Class<Context>::add(module, "reckon._runtime.Context", contextMethods);
  Class<Bound>::add(module, "reckon._runtime.Bound", boundMethods);
}
