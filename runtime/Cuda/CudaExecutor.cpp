//===- Cuda/CudaExecutor.cpp - Running an engine on a GPU -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaExecutor.h"
#include "../KernelErrors.h"
#include "HostMemory.h"
#include "reckon/Runtime/CudaKernelABI.h"

#include <algorithm>
#include <chrono>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

static constexpr size_t maxGraphs = 65536;

CudaExecutor::CudaExecutor(const CudaProgram &program)
    : program(program), driver(program.driver), stream(driver),
      plans{{program.planDims, maxGraphs}, {program.planDims, maxGraphs}}, arena(driver), tensors(driver),
      staging(driver), capturedStatuses(driver), reader(driver),
      marks{Event(driver), Event(driver), Event(driver), Event(driver)} {}

CudaExecutor::~CudaExecutor() {
  Error ignored;
  ContextScope scope(driver, program.context(), ignored);
  OutsideCapture outside(driver);
  if (pending)
    driver.cuEventSynchronize.raw(lastDone());
  if (stream.get())
    driver.cuStreamSynchronize.raw(stream.get());
  program.holdings->versions.remove(reader);
  // While the context is current.
  for (PlanCache<CudaPlan> &cache : plans)
    cache.clear();
  heldMemory.clear();
  arena.release();
  tensors.release();
  capturedStatuses.release();
  outgrown.clear();
  staging.release();
  for (Event &event : marks)
    event.release();
  for (Event &event : reader.done)
    event.release();
  stream.release();
}

bool CudaExecutor::start(const ExecutorOptions &options, Error &error) {
  ContextScope scope(driver, program.context(), error);
  for (PlanCache<CudaPlan> &cache : plans)
    cache.setCapacity(std::min(options.graphCache, maxGraphs));
  dims.resize(program.source.spec.dims.size());
  statuses.resize(program.dispatches.size() * program.statusesPerDispatch());
  statusPiece = {{0, statusBytes(), statuses.data()}};
  addresses.inputs.resize(program.source.spec.inputs.size());
  addresses.outputs.resize(program.source.spec.outputs.size());
  reserve(hostInputs, addresses.inputs.size());
  reserve(hostOutputs, addresses.outputs.size() + 1); // and the statuses
  staging.useThreads(options.pool, options.threads, options.spinMicroseconds);
  OutsideCapture outside(driver);
  // At once, for callers that have their tensors on the device from the first run on.
  if (!scope || !stream.create(error))
    return false;
  for (Event &event : reader.done)
    if (!event.create(/*timing=*/false, error))
      return false;
  program.holdings->versions.add(reader);
  return growTensors(statusBytes(), error);
}

bool CudaExecutor::settle(Error &error) { return !pending || driver.cuEventSynchronize(error, lastDone()); }

//===-- Plans -----------------------------------------------------------------===//

bool CudaExecutor::prepare(const std::vector<int64_t> &values, Error &error) {
  std::copy(values.begin(), values.end(), dims.begin());
  return (!plans[side].moveTo(dims) && current) || findPlan(error);
}

bool CudaExecutor::moveTo(const Snapshot &snapshot, Error &error) {
  addresses.side = &program.holdings->versions.side(snapshot.version);
  if (side == snapshot.version % 2 && current)
    return true;
  side = snapshot.version % 2;
  plans[side].moveTo(dims);
  return findPlan(error);
}

bool CudaExecutor::findPlan(Error &error) {
  current = nullptr;
  isPoisoned = false;
  ContextScope scope(driver, program.context(), error);
  OutsideCapture outside(driver);
  if (!scope)
    return false;
  CudaPlan *plan = plans[side].find();
  if (!plan) {
    auto made = std::make_unique<CudaPlan>(program);
    // A forgotten graph may still be running.
    if (!made->build(dims, error) || (plans[side].isFull() && !settle(error)))
      return false;
    plans[1 - side].moveTo(dims);
    if (const CudaPlan *other = plans[1 - side].find())
      made->adoptAlgorithms(*other);
    plan = plans[side].insert(std::move(made));
  }
  if (plan->arenaBytes() > arena.size() || !arena.data()) {
    if (!settle(error))
      return false;
    if (arenaIsCaptured) {
      outgrown.push_back(std::make_unique<DeviceBuffer>(driver));
      outgrown.back()->swap(arena);
      arenaIsCaptured = false;
    }
    if (!arena.allocate(plan->arenaBytes(), "the arena of these inputs", error))
      return false;
    addresses.arena = arena.data();
  }
  current = plan;
  return true;
}

//===-- Memory ----------------------------------------------------------------===//

bool CudaExecutor::growTensors(uint64_t bytes, Error &error) {
  if (bytes <= tensors.size() && tensors.data())
    return true;
  OutsideCapture outside(driver);
  // A little more each time, or batches of growing size would allocate at each step.
  uint64_t size = alignDevice(std::max(bytes, tensors.size() + tensors.size() / 2));
  // Failures of pending runs are in the old memory.
  if (pending && !synchronize(RunControl(), error))
    return false;
  if (!tensors.allocate(size, "inputs and outputs", error))
    return false;
  // Outputs are copied in one piece, with what lies between them: no byte of that may be undefined.
  if (!driver.cuMemsetD8Async(error, tensors.data(), 0, size, stream.get())) {
    tensors.release();
    return false;
  }
  addresses.status = tensors.data();
  return clearStatuses(tensors.data(), error);
}

bool CudaExecutor::clearStatuses(CUdeviceptr address, Error &error) {
  if (driver.cuMemsetD8Async(error, address, 0, statusBytes(), stream.get()) &&
      driver.cuStreamSynchronize(error, stream.get()))
    return true;
  if (address == tensors.data())
    tensors.release(); // so that the next run begins with new ones
  return false;
}

void CudaExecutor::reserve(HostTensors &tensors, size_t count) {
  tensors.isDirect.resize(count);
  tensors.staged.reserve(count);
  tensors.direct.reserve(count);
}

void CudaExecutor::sort(const std::vector<Binding> &bindings, HostTensors &tensors) const {
  for (size_t i = 0; i < bindings.size(); ++i)
    tensors.isDirect[i] = !bindings[i].onDevice && bindings[i].bytes >= minDirectBytes &&
                          isPageLocked(driver, bindings[i].data, bindings[i].bytes);
  tensors.staged.clear();
  tensors.direct.clear();
}

bool CudaExecutor::layOutTensors(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                                 Error &error) {
  sort(inputs, hostInputs);
  sort(outputs, hostOutputs);
  hostOutputs.staged.assign(statusPiece.begin(), statusPiece.end());
  uint64_t size = statusBytes();
  bool tooLarge = false;
  // Offsets for now; the memory may have to grow.
  auto place = [&](const std::vector<Binding> &bindings, HostTensors &tensors, bool direct,
                   std::vector<CUdeviceptr> &result) {
    uint64_t end = size;
    for (size_t i = 0; i < bindings.size(); ++i) {
      if (bindings[i].onDevice || tensors.isDirect[i] != direct)
        continue;
      result[i] = size = alignDevice(size);
      (direct ? tensors.direct : tensors.staged).push_back({size, bindings[i].bytes, bindings[i].data});
      tooLarge |= bindings[i].bytes > UINT64_MAX / 4 || __builtin_add_overflow(size, bindings[i].bytes, &size);
      end = size;
    }
    return end;
  };
  stagedOutputsEnd = place(outputs, hostOutputs, false, addresses.outputs);
  place(outputs, hostOutputs, true, addresses.outputs);
  size = inputsBegin = alignDevice(size);
  stagedInputsEnd = place(inputs, hostInputs, false, addresses.inputs);
  place(inputs, hostInputs, true, addresses.inputs);
  if (tooLarge)
    return error.set(RECKON_INVALID, "inputs and outputs exceed 64 bits");
  if (!growTensors(size, error))
    return false;
  auto finish = [&](const std::vector<Binding> &bindings, std::vector<CUdeviceptr> &result) {
    for (size_t i = 0; i < bindings.size(); ++i)
      result[i] = bindings[i].onDevice ? reinterpret_cast<CUdeviceptr>(bindings[i].data) : tensors.data() + result[i];
  };
  finish(inputs, addresses.inputs);
  finish(outputs, addresses.outputs);
  for (Staging::Piece &input : hostInputs.staged)
    input.offset -= inputsBegin;
  return true;
}

/// The device begins with what it copies on its own while this thread stages the rest.
bool CudaExecutor::copyIn(Error &error) {
  for (const Staging::Piece &piece : hostInputs.direct)
    if (!driver.cuMemcpyHtoDAsync(error, tensors.data() + piece.offset, piece.host, piece.bytes, stream.get()))
      return false;
  return staging.copyIn(tensors.data() + inputsBegin, stagedInputsEnd - inputsBegin, hostInputs.staged, stream.get(),
                        error);
}

/// Statuses are always among what is staged, so that waiting for that is waiting for all.
bool CudaExecutor::copyOut(const RunControl &control, Error &error) {
  for (const Staging::Piece &piece : hostOutputs.direct)
    if (!driver.cuMemcpyDtoHAsync(error, piece.host, tensors.data() + piece.offset, piece.bytes, stream.get()))
      return false;
  Staging::Wait wait{profiling ? marks[Outputs].get() : nullptr, control.isInterruptible() ? &control : nullptr};
  return staging.copyOut(tensors.data(), stagedOutputsEnd, hostOutputs.staged, stream.get(), wait, error);
}

//===-- Running ---------------------------------------------------------------===//

bool CudaExecutor::mark(Mark which, CUstream on, Error &error) {
  return !profiling || driver.cuEventRecord(error, marks[which].get(), on);
}

bool CudaExecutor::enqueue(CUstream on, Error &error) {
  auto start = std::chrono::steady_clock::now();
  // Runs of a context share its memory.
  if (pending && on != lastStream && !driver.cuStreamWaitEvent(error, on, lastDone(), 0))
    return false;
  if (!current->bind(addresses, dims, on, error) || !poisonArena(on, error) || !mark(Inputs, on, error) ||
      !(recorded ? current->launchTimed(on, *recorded, error) : current->launch(on, error)) ||
      !mark(Kernels, on, error))
    return false;
  if (profiling)
    lastTimes.enqueue_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return true;
}

bool CudaExecutor::runTensors(const RunControl &control, Error &error) {
  launched = false;
  if (!mark(Begin, stream.get(), error) || !copyIn(error))
    return false;
  if (control.mustStop())
    return control.setError(error);
  launched = true;
  return enqueue(stream.get(), error) && copyOut(control, error);
}

bool CudaExecutor::finishAbandoned(const RunControl &control, Error &error) {
  if (!abandoned)
    return true;
  if (!waitForEvent(driver, lastDone(), control.isInterruptible() ? &control : nullptr, error))
    return false;
  pending = abandoned = false;
  return clearStatuses(tensors.data(), error);
}

bool CudaExecutor::run(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                       const Snapshot &snapshot, const RunControl &control, Error &error) {
  ContextScope scope(driver, program.context(), error);
  OutsideCapture outside(driver);
  if (!scope || !finishAbandoned(control, error) || !moveTo(snapshot, error) || !layOutTensors(inputs, outputs, error))
    return false;
  // The caller's memory is the caller's again: no copy may still be under way.
  WaitOnExit wait(driver, stream.get());
  if (!runTensors(control, error)) {
    // Nothing stops what a device has begun. The next run waits for it.
    bool endedEarly = error.code == RECKON_CANCELLED || error.code == RECKON_DEADLINE;
    if (endedEarly && launched && driver.cuEventRecord.raw(reader.done[side].get(), stream.get()) == CUDA_SUCCESS) {
      lastSide = side;
      lastStream = stream.get();
      pending = abandoned = true;
      wait.dismiss();
    }
    return false;
  }
  wait.dismiss();
  pending = false; // the stream has waited for it
  return readTimes(/*transfers=*/true, error) && checkStatuses(tensors.data(), error) && checkGuards(error);
}

bool CudaExecutor::profile(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                           const Snapshot &snapshot, const RunControl &control, RunProfile &profile, Error &error) {
  struct Recording {
    RunProfile *&recorded;
    ~Recording() { recorded = nullptr; }
  } recording{recorded};
  recorded = &profile;
  return run(inputs, outputs, snapshot, control, error);
}

bool CudaExecutor::runAsync(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                            const Snapshot &snapshot, void *handle, Error &error) {
  CUstream on = static_cast<CUstream>(handle);
  ContextScope scope(driver, program.context(), error);
  for (size_t i = 0; i < inputs.size(); ++i)
    addresses.inputs[i] = reinterpret_cast<CUdeviceptr>(inputs[i].data);
  for (size_t i = 0; i < outputs.size(); ++i)
    addresses.outputs[i] = reinterpret_cast<CUdeviceptr>(outputs[i].data);
  CUstreamCaptureStatus capturing = CU_STREAM_CAPTURE_STATUS_NONE;
  if (!scope || !finishAbandoned(RunControl(), error) || !moveTo(snapshot, error) ||
      !growTensors(statusBytes(), error) || !driver.cuStreamIsCapturing(error, on, &capturing))
    return false;
  if (capturing != CU_STREAM_CAPTURE_STATUS_NONE)
    return capture(snapshot, on, error);
  // Nobody would know when what has been launched ends.
  WaitOnExit wait(driver, on);
  if (!enqueue(on, error) || !driver.cuEventRecord(error, reader.done[side].get(), on))
    return false;
  wait.dismiss();
  lastSide = side;
  lastStream = on;
  pending = true;
  return true;
}

bool CudaExecutor::synchronize(const RunControl &control, Error &error) {
  if (!pending && !capturedStatuses.data())
    return true;
  ContextScope scope(driver, program.context(), error);
  OutsideCapture outside(driver);
  if (!scope || !finishAbandoned(control, error))
    return false;
  if (pending) {
    if (!waitForEvent(driver, lastDone(), control.isInterruptible() ? &control : nullptr, error))
      return false;
    pending = false;
    if (!readTimes(/*transfers=*/false, error) || !readStatuses(tensors.data(), error) || !checkGuards(error))
      return false;
  }
  return !capturedStatuses.data() || readStatuses(capturedStatuses.data(), error);
}

bool CudaExecutor::readStatuses(CUdeviceptr source, Error &error) {
  return staging.copyOut(source, statusBytes(), statusPiece, stream.get(), {}, error) && checkStatuses(source, error);
}

bool CudaExecutor::checkStatuses(CUdeviceptr source, Error &error) {
  for (size_t d = 0; d < program.dispatches.size(); ++d) {
    const ReckonKernelStatus &status = program.source.program.checked ? chooseStatus(&statuses[2 * d]) : statuses[d];
    // Busy: a replay that nobody has waited for is just writing it.
    if (status.code == RECKON_KERNEL_OK || status.code == RECKON_CUDA_STATUS_BUSY)
      continue;
    setKernelError(program.source, *program.dispatches[d].spec, status, error);
    Error ignored;
    // What went wrong first is what the caller hears of.
    static_cast<void>(clearStatuses(source, ignored));
    return false;
  }
  return true;
}

//===-- Checked programs ------------------------------------------------------===//

bool CudaExecutor::poisonArena(CUstream on, Error &error) {
  if (!program.source.program.checked)
    return true;
  const GuardedLayout &layout = current->guarded();
  // A program that copies its inputs has no arena, nor may a run over no rows have one, though its layout begins with a
  // guard; and the driver refuses to copy to nowhere. Otherwise the arena is as large as the layout.
  isPoisoned = current->arenaBytes() != 0;
  if (!isPoisoned)
    return true;
  image.resize(layout.bytes());
  layout.poison(image.data());
  return driver.cuMemcpyHtoDAsync(error, arena.data(), image.data(), image.size(), on) &&
         driver.cuStreamSynchronize(error, on);
}

/// The run has ended.
bool CudaExecutor::checkGuards(Error &error) {
  if (!isPoisoned)
    return true;
  image.resize(current->guarded().bytes());
  if (!driver.cuMemcpyDtoHAsync(error, image.data(), arena.data(), image.size(), stream.get()) ||
      !driver.cuStreamSynchronize(error, stream.get()))
    return false;
  std::optional<GuardedLayout::Damage> damage = current->guarded().findDamage(image.data());
  if (!damage)
    return true;
  // All dispatches have run, so it may have been any of those that write there.
  for (const CudaProgram::Dispatch &dispatch : program.dispatches)
    for (const OperandSpec &operand : dispatch.spec->operands)
      if (operand.space == Space::Arena && operand.index == damage->part)
        return setDamageError(program.source, {{}, 1, {*dispatch.spec}}, "arena", *damage, error);
  return setDamageError(program.source, {}, "arena", *damage, error);
}

//===-- Capture ---------------------------------------------------------------===//

/// An instantiated graph cannot be launched into a capture, but a copy of the graph can become a node of the caller's.
/// Events of other runs have no place there: who replays it, orders it.
bool CudaExecutor::capture(const Snapshot &snapshot, CUstream on, Error &error) {
  OutsideCapture outside(driver);
  CUstreamCaptureStatus status;
  CudaPlan::CapturedGraph callers;
  if (!driver.cuStreamGetCaptureInfo(error, on, &status, nullptr, &callers.graph, &callers.before, &callers.count))
    return false;
  if (status != CU_STREAM_CAPTURE_STATUS_ACTIVE)
    return error.set(RECKON_INVALID, "an earlier call has invalidated the capture of this stream");
  // Replays and other runs must not clear each other's findings.
  if (!capturedStatuses.data() && (!capturedStatuses.allocate(statusBytes(), "statuses", error) ||
                                   !clearStatuses(capturedStatuses.data(), error))) {
    capturedStatuses.release();
    return false;
  }
  // Library products are timed in the arena.
  if (!settle(error))
    return false;
  for (std::shared_ptr<const void> &memory : program.holdings->versions.hold(snapshot.version))
    heldMemory.insert(std::move(memory));
  Addresses used = addresses;
  used.status = capturedStatuses.data();
  CUgraphNode node = nullptr;
  if (!current->addTo(callers, used, dims, stream.get(), node, error))
    return false;
  arenaIsCaptured = true;
  return !node || driver.cuStreamUpdateCaptureDependencies(error, on, &node, 1, CU_STREAM_SET_CAPTURE_DEPENDENCIES);
}

//===-- Times -----------------------------------------------------------------===//

bool CudaExecutor::setProfiling(bool on, Error &error) {
  ContextScope scope(driver, program.context(), error);
  if (!scope || !settle(error))
    return false;
  for (Event &event : marks)
    if (on && !event.create(/*timing=*/true, error))
      return false;
  profiling = on;
  lastTimes = {};
  return true;
}

bool CudaExecutor::readTimes(bool transfers, Error &error) {
  if (!profiling)
    return true;
  auto between = [&](Mark from, Mark to, double &result) {
    float milliseconds = 0;
    if (!driver.cuEventSynchronize(error, marks[to].get()) ||
        !driver.cuEventElapsedTime(error, &milliseconds, marks[from].get(), marks[to].get()))
      return false;
    result = milliseconds;
    return true;
  };
  return between(Inputs, Kernels, lastTimes.compute_ms) &&
         (!transfers || (between(Begin, Inputs, lastTimes.h2d_ms) && between(Kernels, Outputs, lastTimes.d2h_ms)));
}
