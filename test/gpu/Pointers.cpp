//===- Pointers.cpp - Tensors that are on the device already --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Checks.h"

#include "runtime/Cuda/CudaDevice.h"
#include "runtime/Cuda/CudaMemory.h"

#include <memory>

using namespace reckon;
using namespace reckon::gpucheck;
using namespace reckon::runtime::cuda;
using runtime::Error;
using runtime::Status;
using tools::HostTensor;

namespace {
/// The inputs and outputs of runs on a stream. Addresses are multiples of an element and of no more.
class DeviceTensors {
public:
  DeviceTensors(const Driver &driver, CUstream stream) : driver(driver), stream(stream) {}

  std::string bindInputs(runtime::Context &context, const Tensors &inputs) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const HostTensor &input = inputs[i];
      CUdeviceptr address = allocate(input.data.size(), input.type);
      Error error;
      if (!address || (!input.data.empty() &&
                       !driver.cuMemcpyHtoDAsync(error, address, input.data.data(), input.data.size(), stream)))
        return "cannot copy an input to the device";
      if (Status failed = context.setDeviceInput(i, input.type, input.shape, reinterpret_cast<void *>(address)))
        return failed.message;
    }
    return "";
  }

  /// Outputs of the shapes of `like`, filled with ones.
  std::string bindOutputs(runtime::Context &context, const Tensors &like) {
    for (size_t i = 0; i < like.size(); ++i) {
      CUdeviceptr address = allocate(like[i].data.size(), like[i].type);
      Error error;
      if (!address ||
          (!like[i].data.empty() && !driver.cuMemsetD8Async(error, address, 0xff, like[i].data.size(), stream)))
        return "cannot fill an output on the device";
      outputs.push_back(address);
      if (Status failed =
              context.setDeviceOutput(i, like[i].type, reinterpret_cast<void *>(address), like[i].data.size()))
        return failed.message;
    }
    return "";
  }

  std::string read(const Tensors &like, Tensors &got) {
    got = like;
    Error error;
    for (size_t i = 0; i < got.size(); ++i)
      if (!got[i].data.empty() &&
          !driver.cuMemcpyDtoHAsync(error, got[i].data.data(), outputs[i], got[i].data.size(), stream))
        return error.message;
    return driver.cuStreamSynchronize(error, stream) ? "" : error.message;
  }

private:
  CUdeviceptr allocate(uint64_t bytes, ReckonElementType type) {
    memory.push_back(std::make_unique<DeviceBuffer>(driver));
    Error error;
    uint64_t size = reckon_element_size(type);
    return memory.back()->allocate(bytes + size, "a tensor of a test", error) ? memory.back()->data() + size : 0;
  }

  const Driver &driver;
  CUstream stream;
  std::vector<std::unique_ptr<DeviceBuffer>> memory;
  std::vector<CUdeviceptr> outputs;
};
} // namespace

/// Two sets of inputs of each batch, one after the other on a stream without waiting between them, and again in other
/// places: the graph of a batch size must follow its addresses.
Outcome gpucheck::checkPointers(Subject &subject, const Request &request) {
  if (subject.isOnHost())
    return {"", "there are no device pointers on the host"};
  Error error;
  const auto *device = static_cast<const CudaDevice *>(findDevice(subject.deviceName(), error));
  if (!device)
    return {error.message, ""};
  PrimaryContext primary(*device);
  if (!primary.retain(error))
    return {error.message, ""};
  ContextScope scope(device->driver, primary.get(), error);
  Stream stream(device->driver);
  if (!scope || !stream.create(error))
    return {error.message, ""};
  for (int64_t batch : request.batches) {
    if (batch > 4096)
      continue;
    std::string label = "batch " + std::to_string(batch) + ": ", problem;
    std::vector<Tensors> inputs, want;
    std::vector<std::unique_ptr<DeviceTensors>> bound;
    for (uint64_t set = 0; set < 2; ++set) {
      auto made = subject.makeInputs(batch, request.seed + 500 + set, problem);
      if (!made)
        return {label + problem, ""};
      inputs.push_back(*made);
      want.emplace_back();
      if (problem = subject.runOnHost(*made, want.back()); !problem.empty())
        return {label + "the host: " + problem, ""};
    }
    for (uint64_t round = 0; round < 2 && problem.empty(); ++round)
      for (uint64_t set = 0; set < 2 && problem.empty(); ++set) {
        bound.push_back(std::make_unique<DeviceTensors>(device->driver, stream.get()));
        problem = bound.back()->bindInputs(subject.context, inputs[set]);
        if (problem.empty())
          problem = bound.back()->bindOutputs(subject.context, want[set]);
        if (problem.empty())
          problem = subject.context.runAsync(stream.get()).message;
      }
    if (problem.empty())
      problem = subject.context.synchronize().message;
    for (uint64_t at = 0; at < bound.size() && problem.empty(); ++at) {
      Tensors got;
      problem = bound[at]->read(want[at % 2], got);
      if (problem.empty())
        problem = subject.compare(got, want[at % 2]);
    }
    Error ignored;
    (void)device->driver.cuStreamSynchronize(ignored, stream.get());
    if (!problem.empty())
      return {label + problem, ""};
  }
  return {};
}
