//===- Cuda/CudaExecutor.cpp - Running an engine on a GPU -----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "CudaExecutor.h"
#include "../KernelErrors.h"

#include <algorithm>
#include <chrono>

using namespace reckon;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

static constexpr size_t maxGraphs = 65536;

CudaExecutor::CudaExecutor(const CudaProgram &program)
    : program(program), driver(program.driver), stream(driver), plans(program.planDims, maxGraphs), arena(driver),
      tensors(driver), staging(driver), last(driver),
      marks{Event(driver), Event(driver), Event(driver), Event(driver)} {}

CudaExecutor::~CudaExecutor() {
  Error ignored;
  ContextScope scope(driver, program.context(), ignored);
  if (pending)
    driver.cuEventSynchronize.raw(last.get());
  if (stream.get())
    driver.cuStreamSynchronize.raw(stream.get());
  // While the context is current.
  plans.clear();
  arena.release();
  tensors.release();
  staging.release();
  for (Event &event : marks)
    event.release();
  last.release();
  stream.release();
}

bool CudaExecutor::start(const ExecutorOptions &options, Error &error) {
  ContextScope scope(driver, program.context(), error);
  plans.setCapacity(std::min(options.graphCache, maxGraphs));
  dims.resize(program.source.spec.dims.size());
  statuses.resize(program.dispatches.size());
  statusPiece = {{0, statusBytes(), statuses.data()}};
  addresses.inputs.resize(program.source.spec.inputs.size());
  addresses.outputs.resize(program.source.spec.outputs.size());
  // At once, for callers that have their tensors on the device from the first run on.
  return scope && stream.create(error) && last.create(/*timing=*/false, error) && growTensors(statusBytes(), error);
}

bool CudaExecutor::settle(Error &error) { return !pending || driver.cuEventSynchronize(error, last.get()); }

//===-- Plans -----------------------------------------------------------------===//

bool CudaExecutor::prepare(const std::vector<int64_t> &values, Error &error) {
  std::copy(values.begin(), values.end(), dims.begin());
  if (!plans.moveTo(values) && current)
    return true;
  current = nullptr;
  ContextScope scope(driver, program.context(), error);
  if (!scope)
    return false;
  CudaPlan *plan = plans.find();
  if (!plan) {
    auto made = std::make_unique<CudaPlan>(program);
    // A forgotten graph may still be running.
    if (!made->build(values, error) || (plans.isFull() && !settle(error)))
      return false;
    plan = plans.insert(std::move(made));
  }
  if (plan->arenaBytes() > arena.size() || !arena.data()) {
    if (!settle(error) || !arena.allocate(plan->arenaBytes(), "the arena of these inputs", error))
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
  // A little more each time, or batches of growing size would allocate at each step.
  uint64_t size = alignDevice(std::max(bytes, tensors.size() + tensors.size() / 2));
  // Failures of pending runs are in the old memory.
  if (pending && !synchronize(error))
    return false;
  if (!tensors.allocate(size, "inputs and outputs", error))
    return false;
  // Outputs are copied in one piece, with what lies between them: no byte of that may be undefined.
  if (!driver.cuMemsetD8Async(error, tensors.data(), 0, size, stream.get())) {
    tensors.release();
    return false;
  }
  addresses.status = tensors.data();
  return clearStatuses(error);
}

bool CudaExecutor::clearStatuses(Error &error) {
  if (driver.cuMemsetD8Async(error, addresses.status, 0, statusBytes(), stream.get()) &&
      driver.cuStreamSynchronize(error, stream.get()))
    return true;
  tensors.release(); // so that the next run begins with new ones
  return false;
}

bool CudaExecutor::layOutTensors(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs,
                                 Error &error) {
  inputPieces.clear();
  outputPieces.assign(statusPiece.begin(), statusPiece.end());
  uint64_t size = statusBytes();
  outputsEnd = size;
  bool tooLarge = false;
  auto add = [&](const Binding &tensor, std::vector<Staging::Piece> &pieces) {
    size = alignDevice(size);
    pieces.push_back({size, tensor.bytes, tensor.data});
    tooLarge |= tensor.bytes > UINT64_MAX / 4 || __builtin_add_overflow(size, tensor.bytes, &size);
  };
  for (const Binding &output : outputs)
    if (!output.onDevice)
      add(output, outputPieces);
  outputsEnd = size;
  size = inputsBegin = alignDevice(size);
  for (const Binding &input : inputs)
    if (!input.onDevice)
      add(input, inputPieces);
  inputsEnd = size;
  if (tooLarge)
    return error.set(RECKON_INVALID, "inputs and outputs exceed 64 bits");
  if (!growTensors(size, error))
    return false;
  size_t piece = 0;
  for (size_t i = 0; i < inputs.size(); ++i)
    addresses.inputs[i] = inputs[i].onDevice ? reinterpret_cast<CUdeviceptr>(inputs[i].data)
                                             : tensors.data() + inputPieces[piece++].offset;
  piece = 1;
  for (size_t i = 0; i < outputs.size(); ++i)
    addresses.outputs[i] = outputs[i].onDevice ? reinterpret_cast<CUdeviceptr>(outputs[i].data)
                                               : tensors.data() + outputPieces[piece++].offset;
  for (Staging::Piece &input : inputPieces)
    input.offset -= inputsBegin;
  return true;
}

//===-- Running ---------------------------------------------------------------===//

bool CudaExecutor::mark(Mark which, CUstream on, Error &error) {
  return !profiling || driver.cuEventRecord(error, marks[which].get(), on);
}

bool CudaExecutor::enqueue(CUstream on, Error &error) {
  auto start = std::chrono::steady_clock::now();
  // Runs of a context share its memory.
  if (pending && on != lastStream && !driver.cuStreamWaitEvent(error, on, last.get(), 0))
    return false;
  if (!current->bind(addresses, dims, on, error) || !mark(Inputs, on, error) || !current->launch(on, error) ||
      !mark(Kernels, on, error))
    return false;
  if (profiling)
    lastTimes.enqueue_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return true;
}

bool CudaExecutor::run(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs, Error &error) {
  ContextScope scope(driver, program.context(), error);
  CUstream own = stream.get();
  if (!scope || !layOutTensors(inputs, outputs, error) || !mark(Begin, own, error) ||
      !staging.copyIn(tensors.data() + inputsBegin, inputsEnd - inputsBegin, inputPieces, own, error) ||
      !enqueue(own, error) ||
      !staging.copyOut(tensors.data(), outputsEnd, outputPieces, own, error,
                       profiling ? marks[Outputs].get() : nullptr))
    return false;
  pending = false; // the stream has waited for it
  return readTimes(/*transfers=*/true, error) && checkStatuses(error);
}

bool CudaExecutor::runAsync(const std::vector<Binding> &inputs, const std::vector<Binding> &outputs, void *on,
                            Error &error) {
  ContextScope scope(driver, program.context(), error);
  for (size_t i = 0; i < inputs.size(); ++i)
    addresses.inputs[i] = reinterpret_cast<CUdeviceptr>(inputs[i].data);
  for (size_t i = 0; i < outputs.size(); ++i)
    addresses.outputs[i] = reinterpret_cast<CUdeviceptr>(outputs[i].data);
  if (!scope || !growTensors(statusBytes(), error) || !enqueue(static_cast<CUstream>(on), error) ||
      !driver.cuEventRecord(error, last.get(), static_cast<CUstream>(on)))
    return false;
  lastStream = static_cast<CUstream>(on);
  pending = true;
  return true;
}

bool CudaExecutor::synchronize(Error &error) {
  if (!pending)
    return true;
  ContextScope scope(driver, program.context(), error);
  if (!scope || !driver.cuEventSynchronize(error, last.get()))
    return false;
  pending = false;
  return readTimes(/*transfers=*/false, error) &&
         staging.copyOut(tensors.data(), statusBytes(), statusPiece, stream.get(), error) && checkStatuses(error);
}

bool CudaExecutor::checkStatuses(Error &error) {
  for (size_t d = 0; d < statuses.size(); ++d) {
    if (statuses[d].code == RECKON_KERNEL_OK)
      continue;
    error.set(RECKON_INVALID, describeKernelError(program.source, *program.dispatches[d].spec, statuses[d]));
    Error ignored;
    // What went wrong first is what the caller hears of.
    static_cast<void>(clearStatuses(ignored));
    return false;
  }
  return true;
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
