//===- LaunchTimer.cpp - Times programs over the kernels of one engine ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "LaunchTimer.h"
#include "runtime/Cuda/Staging.h"

#include <algorithm>

using namespace reckon;
using namespace reckon::tools;
using namespace reckon::runtime;
using namespace reckon::runtime::cuda;

LaunchTimer::~LaunchTimer() {
  end();
  if (!loaded)
    return;
  Error ignored;
  ContextScope scope(loaded->driver, loaded->context(), ignored);
  batches.clear();
  fillKernel.reset();
  stream.reset();
}

bool LaunchTimer::find(const std::string &device, Error &error) {
  const Device *found = findDevice(device, error);
  if (!found)
    return false;
  if (found->kind() != DeviceKind::Cuda)
    return error.set(RECKON_INVALID, "launches are timed on a GPU, not on '" + device + "'");
  gpu = static_cast<const CudaDevice *>(found);
  own = found->choose(engine, error);
  return own != nullptr;
}

bool LaunchTimer::load(const std::vector<int64_t> &tableRows, Error &error) {
  if (!shapes.compile(engine, error))
    return false;
  for (int64_t rows : tableRows)
    tables.push_back({nullptr, rows, /*seed=*/1});
  auto program = std::make_unique<CudaProgram>(*gpu, ProgramSource{engine, *own, shapes.dimIndex(), tables});
  if (!program->load(Snapshot(), error))
    return false;
  loaded = std::move(program);
  ContextScope scope(loaded->driver, loaded->context(), error);
  fillKernel = std::make_unique<FillKernel>(loaded->device);
  stream = std::make_unique<Stream>(loaded->driver);
  return scope && stream->create(error);
}

bool LaunchTimer::addBatch(const std::vector<int64_t> &dims, const std::vector<HostTensor> &inputs, Error &error) {
  ContextScope scope(loaded->driver, loaded->context(), error);
  std::vector<std::vector<int64_t>> outputShapes;
  for (const TensorInfo &output : engine.outputs)
    outputShapes.emplace_back(output.shape.size());
  if (!scope || !shapes.outputShapes(dims, outputShapes, error))
    return false;
  Batch batch;
  batch.dims = dims;
  auto allocate = [&](uint64_t bytes, const std::string &name, std::vector<Binding> &bindings) {
    batch.memory.push_back(std::make_unique<DeviceBuffer>(loaded->driver));
    if (!batch.memory.back()->allocate(bytes, "'" + name + "'", error))
      return false;
    bindings.push_back({reinterpret_cast<void *>(batch.memory.back()->data()), bytes, /*onDevice=*/true});
    return true;
  };
  Staging staging(loaded->driver);
  for (const HostTensor &input : inputs) {
    uint64_t bytes = input.data.size();
    if (!allocate(bytes, input.name, batch.inputs) ||
        !staging.copyIn(batch.memory.back()->data(), bytes, {{0, bytes, const_cast<uint8_t *>(input.data.data())}},
                        stream->get(), error) ||
        !loaded->driver.cuStreamSynchronize(error, stream->get()))
      return false;
  }
  for (size_t i = 0; i < outputShapes.size(); ++i) {
    uint64_t count;
    if (!HostTensor::elementCount(outputShapes[i], count))
      return error.set(RECKON_INVALID, "output '" + engine.outputs[i].name + "' is too large");
    if (!allocate(count * elementSize(engine.outputs[i].type), engine.outputs[i].name, batch.outputs))
      return false;
  }
  batches.push_back(std::move(batch));
  return true;
}

bool LaunchTimer::hasLibrary() {
  Error ignored;
  ContextScope scope(loaded->driver, loaded->context(), ignored);
  return scope && loaded->holdings->cublasLt.create();
}

void LaunchTimer::end() {
  executor.reset();
  timed.reset();
}

bool LaunchTimer::begin(const ProgramSpec &program, Error &error) {
  end();
  timed = loaded->withChains(program, error);
  if (!timed)
    return false;
  executor = std::make_unique<CudaExecutor>(*timed);
  return executor->start({}, error) && executor->setProfiling(true, error);
}

bool LaunchTimer::fill(size_t index, Error &error) {
  if (!executor->prepare(batches[index].dims, error))
    return false;
  ContextScope scope(loaded->driver, loaded->context(), error);
  const DeviceBuffer &memory = executor->memory();
  return scope && fillKernel->fillHalves(memory.data(), memory.size() / 2, /*seed=*/1, stream->get(), error);
}

bool LaunchTimer::run(size_t index, double &milliseconds, Error &error) {
  const Batch &batch = batches[index];
  if (!executor->prepare(batch.dims, error) ||
      !executor->runAsync(batch.inputs, batch.outputs, Snapshot(), stream->get(), error))
    return false;
  // What a dispatch reads in the arena is made up, so an id there is wrong; it is read as row 0, and timed.
  if (!executor->synchronize(runtime::RunControl(), error) && error.code != RECKON_INVALID)
    return false;
  milliseconds = executor->times().compute_ms;
  return true;
}
