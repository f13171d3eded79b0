//===- ExecutionContext.cpp - One thread's use of an engine ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "ExecutionContext.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::runtime;

ExecutionContext::ExecutionContext(std::shared_ptr<const LoadedEngine> loaded) : engine(std::move(loaded)) {
  for (const TensorInfo &input : spec().inputs)
    inputShapes.emplace_back(input.shape.size());
  for (const TensorInfo &output : spec().outputs)
    outputShapes.emplace_back(output.shape.size());
  inputs.resize(spec().inputs.size());
  isSet.resize(spec().inputs.size());
  outputs.resize(spec().outputs.size());
  outputBindings.resize(spec().outputs.size());
  dims.assign(spec().dims.size(), -1);
  for (size_t i = 0; i < spec().tables.size(); ++i)
    dims[spec().tables[i].rowsDim] = engine->tables()[i].rows;
  for (const IdUse &use : spec().idUses) {
    idRowBytes.push_back(0);
    for (const TableSpec &table : spec().tables)
      if (use.bound == SizeExpr::dim(spec().dims[table.rowsDim]))
        idRowBytes.back() = table.rowBytes();
  }
  task.run = [](void *context) { static_cast<ExecutionContext *>(context)->runSubmitted(); };
  task.context = this;
  engine->counters.add(counters);
  try {
    engine->versions->add(pin);
  } catch (const std::bad_alloc &) {
    engine->counters.remove(counters); // nobody else will
    throw;
  }
}

ExecutionContext::~ExecutionContext() {
  if (isSubmitted) {
    cancel();
    Error ignored;
    static_cast<void>(synchronize(ignored));
  }
  engine->counters.remove(counters);
  engine->versions->remove(pin);
}

bool ExecutionContext::start(const std::string &device, const ExecutorOptions &options, Error &error) {
  const Program *program = engine->program(device, error);
  if (program) {
    ExecutorOptions withPool = options;
    withPool.pool = &engine->pool;
    executor = program->createExecutor(withPool, error);
  }
  return executor != nullptr;
}

/// "input 'ids'".
static std::string place(const char *kind, const TensorInfo &tensor) {
  return std::string(kind) + " '" + tensor.name + "'";
}

static bool checkType(const char *kind, const TensorInfo &tensor, ReckonElementType type, Error &error) {
  if (static_cast<unsigned>(type) == static_cast<unsigned>(tensor.type))
    return true;
  return error.set(RECKON_INVALID, place(kind, tensor),
                   std::string("got ") + reckon_element_name(type) + ", expected " + enumName(tensor.type));
}

static bool checkAlignment(const char *kind, const TensorInfo &tensor, const void *data, Error &error) {
  size_t alignment = elementSize(tensor.type); // a power of two: a division would be half of the call
  if ((reinterpret_cast<uintptr_t>(data) & (alignment - 1)) == 0)
    return true;
  return error.set(RECKON_INVALID, place(kind, tensor),
                   "its memory is not aligned to " + std::to_string(alignment) + " bytes");
}

static bool checkIndex(const char *kind, size_t index, size_t count, Error &error) {
  if (index < count)
    return true;
  return error.set(RECKON_INVALID, std::string("the engine has ") + std::to_string(count) + " " + kind +
                                       "s, there is no " + kind + " " + std::to_string(index));
}

/// Bytes of a tensor of this shape; false when they exceed 64 bits.
static bool tensorBytes(ElementType type, const std::vector<int64_t> &shape, size_t &bytes) {
  bytes = 0;
  if (std::find(shape.begin(), shape.end(), 0) != shape.end())
    return true;
  bytes = elementSize(type);
  for (int64_t extent : shape)
    if (__builtin_mul_overflow(bytes, static_cast<size_t>(extent), &bytes))
      return false;
  return true;
}

bool ExecutionContext::checkDevice(const char *kind, const TensorInfo &tensor, Error &error) const {
  return executor->hasOwnMemory() ||
         error.set(RECKON_INVALID, place(kind, tensor), "device memory goes with a context on a 'cuda' device");
}

bool ExecutionContext::setInput(size_t index, const InputTensor &tensor, Error &error) {
  const auto &[type, rank, shape, data, onDevice] = tensor;
  if (!checkIndex("input", index, inputs.size(), error))
    return false;
  const TensorInfo &input = spec().inputs[index];
  if (!checkType("input", input, type, error) || !checkAlignment("input", input, data, error) ||
      (onDevice && !checkDevice("input", input, error)))
    return false;
  std::vector<int64_t> &current = inputShapes[index];
  if (rank != current.size())
    return error.set(RECKON_INVALID, place("input", input),
                     "got " + std::to_string(rank) + " axes, expected " + std::to_string(current.size()));
  if (rank != 0 && !shape)
    return error.set(RECKON_INVALID, place("input", input), "its shape is null");
  bool empty = false;
  for (size_t axis = 0; axis < rank; ++axis) {
    if (shape[axis] < 0)
      return error.set(RECKON_INVALID, place("input", input) + " axis " + std::to_string(axis),
                       "got " + std::to_string(shape[axis]) + ", a size is not negative");
    empty |= shape[axis] == 0;
  }
  if (!data && !empty)
    return error.set(RECKON_INVALID, place("input", input), "its data is null");
  if (!isSet[index] || !std::equal(current.begin(), current.end(), shape)) {
    ready = false;
    std::copy_n(shape, rank, current.begin());
    isSet[index] = false;
    if (!tensorBytes(input.type, current, inputs[index].bytes))
      return error.set(RECKON_INVALID, "input '" + input.name + "' exceeds 64 bits");
    isSet[index] = true;
  }
  static const uint64_t nothing = 0;
  disjoint = false;
  inputs[index].data = const_cast<void *>(data ? data : &nothing);
  inputs[index].onDevice = onDevice;
  return true;
}

bool ExecutionContext::setOutput(size_t index, ReckonElementType type, void *data, size_t capacity, bool onDevice,
                                 Error &error) {
  if (!checkIndex("output", index, outputs.size(), error))
    return false;
  const TensorInfo &output = spec().outputs[index];
  if (data && (!checkType("output", output, type, error) || !checkAlignment("output", output, data, error)))
    return false;
  if (data && onDevice && !checkDevice("output", output, error))
    return false;
  disjoint = false;
  outputs[index].bound = data;
  outputs[index].capacity = data ? capacity : 0;
  outputs[index].onDevice = data && onDevice;
  return true;
}

bool ExecutionContext::checkInputs(Error &error) const {
  std::string missing;
  for (size_t i = 0; i < isSet.size(); ++i)
    if (!isSet[i])
      missing += (missing.empty() ? "'" : ", '") + spec().inputs[i].name + "'";
  return missing.empty() || error.set(RECKON_INVALID, "missing input " + missing);
}

bool ExecutionContext::prepare(Error &error) {
  if (ready)
    return true;
  disjoint = false;
  if (!checkInputs(error) || !engine->solver().solve(inputShapes, dims, error) ||
      !engine->solver().checkRequirements(dims, error) || !engine->solver().outputShapes(dims, outputShapes, error))
    return false;
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!tensorBytes(spec().outputs[i].type, outputShapes[i], outputs[i].bytes))
      return error.set(RECKON_INVALID, "output '" + spec().outputs[i].name + "' exceeds 64 bits for these inputs");
  ready = executor->prepare(dims, error);
  measure();
  return ready;
}

bool ExecutionContext::bindOutputs(Error &error) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    Output &output = outputs[i];
    if (output.bound && output.capacity < output.bytes)
      return error.set(RECKON_INVALID, "output '" + spec().outputs[i].name + "' needs " + std::to_string(output.bytes) +
                                           " bytes, its memory has " + std::to_string(output.capacity));
    if (!output.bound && (output.own.size() < output.bytes || !output.own.data()) && !output.own.allocate(output.bytes))
      return error.set(RECKON_UNAVAILABLE, "out of memory: output '" + spec().outputs[i].name + "' needs " +
                                               std::to_string(output.bytes) + " bytes");
    outputBindings[i] = {output.bound ? output.bound : output.own.data(), output.bytes, output.onDevice};
  }
  // As often as bindings or sizes change: with many inputs it takes longer than a lookup.
  return disjoint || (disjoint = checkOverlaps(error));
}

bool ExecutionContext::checkOverlaps(Error &error) const {
  auto overlap = [](const void *a, size_t aBytes, const void *b, size_t bBytes) {
    auto aBegin = reinterpret_cast<uintptr_t>(a), bBegin = reinterpret_cast<uintptr_t>(b);
    return aBytes != 0 && bBytes != 0 && aBegin < bBegin + bBytes && bBegin < aBegin + aBytes;
  };
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Output &output = outputs[i];
    if (!output.bound)
      continue;
    auto fail = [&](const char *kind, const TensorInfo &other) {
      return error.set(RECKON_INVALID, "the memory of output '" + spec().outputs[i].name + "' overlaps that of " +
                                           kind + " '" + other.name + "'");
    };
    // Addresses of the host and of a device do not compare.
    for (size_t k = 0; k < inputs.size(); ++k)
      if (inputs[k].onDevice == output.onDevice && overlap(output.bound, output.bytes, inputs[k].data, inputs[k].bytes))
        return fail("input", spec().inputs[k]);
    for (size_t k = 0; k < i; ++k)
      if (outputs[k].bound && outputs[k].onDevice == output.onDevice &&
          overlap(output.bound, output.bytes, outputs[k].bound, outputs[k].bytes))
        return fail("output", spec().outputs[k]);
  }
  return true;
}

//===-- Runs ------------------------------------------------------------------===//

/// What one run with these sizes does, for the counters.
void ExecutionContext::measure() {
  work = {};
  for (size_t i = 0; i < idRowBytes.size(); ++i) {
    if (idRowBytes[i] == 0)
      continue;
    const IdUse &use = spec().idUses[i];
    const std::vector<int64_t> &shape = inputShapes[use.input];
    uint64_t ids = inputs[use.input].bytes / elementSize(spec().inputs[use.input].type);
    if (use.count != 0 && !shape.empty() && shape.back() > 0)
      ids = ids / static_cast<uint64_t>(shape.back()) * use.count;
    work.rows += ids;
    work.tableBytes += ids * idRowBytes[i];
  }
  for (const Binding &input : inputs)
    work.inputBytes += input.bytes;
  for (const Output &output : outputs)
    work.outputBytes += output.bytes;
}

bool ExecutionContext::count(bool success, const Error &error) {
  if (success)
    counters.succeeded(work);
  else
    counters.failed(error.code);
  return success;
}

void ExecutionContext::beginRun(const ReckonRunOptions *options) {
  control.begin(options != nullptr, options ? options->timeout_us : 0);
}

/// Those that the run reads, where they have not been; a device with memory of its own has none of these.
bool ExecutionContext::checkRows(Error &error) const {
  return executor->hasOwnMemory() || engine->rowChecks.isDone() ||
         engine->rowChecks.check(spec(), inputs, inputShapes, error);
}

bool ExecutionContext::runPrepared(Error &error) {
  if (control.mustStop())
    return control.setError(error);
  if (!checkRows(error))
    return false;
  PinScope version(*engine->versions, pin);
  lastVersion = version.snapshot.version;
  return executor->run(inputs, outputBindings, version.snapshot, control, error);
}

bool ExecutionContext::run(const ReckonRunOptions *options, Error &error) {
  beginRun(options);
  return count(prepare(error) && bindOutputs(error) && runPrepared(error), error);
}

bool ExecutionContext::profile(Error &error) {
  RunProfile profile;
  report = ProfileReport();
  beginRun(nullptr);
  PinScope version(*engine->versions, pin);
  lastVersion = version.snapshot.version;
  bool success = prepare(error) && bindOutputs(error) && checkRows(error) &&
                 executor->profile(inputs, outputBindings, version.snapshot, control, profile, error);
  if (success)
    report.make(spec(), std::move(profile), dims);
  return count(success, error);
}

void ExecutionContext::cancel() {
  control.cancel();
  engine->pool.admission.interrupt();
}

bool ExecutionContext::runAsync(void *stream, const ReckonRunOptions *options, Error &error) {
  beginRun(options);
  if (!prepare(error))
    return count(false, error);
  if (!executor->hasOwnMemory()) {
    if (stream)
      return count(error.set(RECKON_INVALID, "device 'host' has no streams: the stream of a run there is null"), error);
    return (bindOutputs(error) && submit(error)) || count(false, error);
  }
  auto notThere = [&](const char *kind, const TensorInfo &tensor) {
    return error.set(RECKON_INVALID, std::string(kind) + " '" + tensor.name +
                                         "' is not in device memory, as a run on a stream needs it");
  };
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].onDevice)
      return count(notThere("input", spec().inputs[i]), error);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!outputs[i].onDevice && outputs[i].bytes != 0)
      return count(notThere("output", spec().outputs[i]), error);
  return count(bindOutputs(error) && runPreparedOn(stream, error), error);
}

bool ExecutionContext::runPreparedOn(void *stream, Error &error) {
  if (control.mustStop())
    return control.setError(error);
  PinScope version(*engine->versions, pin);
  lastVersion = version.snapshot.version;
  return executor->runAsync(inputs, outputBindings, version.snapshot, stream, error);
}

//===-- Runs on a thread of the engine's --------------------------------------===//

bool ExecutionContext::submit(Error &error) {
  // Beside those that help, or with one thread nobody would do it.
  if (!engine->pool.grow(availableCpus(), error))
    return false;
  hasEnded = false;
  taskError = Error();
  isSubmitted = true;
  engine->pool.submit(task);
  return true;
}

void ExecutionContext::runSubmitted() {
  bool success;
  try {
    success = runPrepared(taskError);
  } catch (const std::bad_alloc &) {
    success = taskError.set(RECKON_UNAVAILABLE, "out of memory");
  }
  // Under the lock: the context may be gone once the one who waits knows.
  std::lock_guard<std::mutex> lock(mutex);
  succeeded = success;
  hasEnded = true;
  ended.notify_all();
}

bool ExecutionContext::synchronize(Error &error) {
  if (executor->hasOwnMemory())
    return executor->synchronize(control, error);
  if (!isSubmitted)
    return true;
  // Rather than wait for a thread to come to it.
  if (engine->pool.withdraw(task))
    runSubmitted();
  {
    std::unique_lock<std::mutex> lock(mutex);
    ended.wait(lock, [&] { return hasEnded; });
  }
  isSubmitted = false;
  error = taskError;
  return count(succeeded, error);
}

bool ExecutionContext::output(size_t index, ReckonTensor &tensor, Error &error) const {
  if (!checkIndex("output", index, outputs.size(), error))
    return false;
  if (!ready)
    return error.set(RECKON_INVALID, "output '" + spec().outputs[index].name +
                                         "' is not known before the inputs are bound and prepared");
  const Output &output = outputs[index];
  tensor = {static_cast<ReckonElementType>(spec().outputs[index].type), outputShapes[index].size(),
            outputShapes[index].data(), output.bound ? output.bound : output.own.data(), output.bytes};
  return true;
}
