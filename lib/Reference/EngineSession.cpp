//===- EngineSession.cpp - Runs an engine on reference tensors ----------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "lib/Reference/EngineSession.h"

#include <algorithm>
#include <cstring>

namespace reckon::reference {

namespace {
/// Bytes at an address that is a multiple of their element's size and, on purpose, of no more.
class Buffer {
public:
  Buffer(size_t bytes, size_t elementSize, unsigned char fill) : storage(bytes + 2 * guard + 64, guardByte) {
    void *at = storage.data() + guard;
    size_t room = storage.size() - guard;
    std::align(64, bytes, at, room);
    begin = static_cast<unsigned char *>(at) + elementSize % 64;
    size = bytes;
    std::memset(begin, fill, bytes);
  }
  unsigned char *data() { return begin; }
  /// Whether every byte outside is as it was.
  bool isIntact() const {
    auto untouched = [](unsigned char byte) { return byte == guardByte; };
    const unsigned char *first = storage.data(), *last = first + storage.size();
    return std::all_of(first, const_cast<const unsigned char *>(begin), untouched) &&
           std::all_of(const_cast<const unsigned char *>(begin) + size, last, untouched);
  }

private:
  static constexpr size_t guard = 256;
  static constexpr unsigned char guardByte = 0xc3;
  std::vector<unsigned char> storage;
  unsigned char *begin;
  size_t size;
};
} // namespace

std::string EngineSession::open(const std::vector<uint8_t> &bytes, int threads,
                                const std::vector<ReckonTableBinding> &bindings, const char *device) {
  if (runtime::Status failed = engine.openMemory(bytes.data(), bytes.size(), bindings))
    return failed.message;
  return context.create(engine, threads, device).message;
}

std::string EngineSession::run(llvm::ArrayRef<Tensor> inputs, llvm::SmallVectorImpl<Tensor> &outputs) {
  std::vector<Buffer> buffers;
  buffers.reserve(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor &input = inputs[i];
    std::vector<char> bytes = input.toBytes();
    buffers.emplace_back(bytes.size(), elementSize(input.kind()), 0);
    std::copy(bytes.begin(), bytes.end(), buffers.back().data());
    auto type = static_cast<ReckonElementType>(input.kind());
    std::vector<int64_t> shape(input.shape().begin(), input.shape().end());
    runtime::Status failed = input.name.empty() ? context.setInput(i, type, shape, buffers.back().data())
                                                : context.setInput(input.name, type, shape, buffers.back().data());
    if (failed)
      return failed.message;
  }
  // The sizes of the outputs are known only now; the buffers of an earlier run are given back first.
  for (size_t i = 0; i < engine.numOutputs(); ++i)
    if (runtime::Status failed = context.setOutput(i, engine.output(i).type, nullptr, 0))
      return failed.message;
  if (runtime::Status failed = context.prepare())
    return failed.message;
  std::vector<Buffer> results;
  results.reserve(engine.numOutputs());
  for (size_t i = 0; i < engine.numOutputs(); ++i) {
    ReckonTensor output = context.output(i);
    size_t bytes = output.bytes;
    // All ones is a NaN, the integer -1 and the boolean true.
    results.emplace_back(bytes, reckon_element_size(output.type), 0xff);
    if (runtime::Status failed = context.setOutput(i, output.type, results.back().data(), bytes))
      return failed.message;
  }
  if (runtime::Status failed = context.run())
    return failed.message;
  for (size_t i = 0; i < engine.numOutputs(); ++i) {
    ReckonTensor output = context.output(i);
    outputs.push_back(Tensor::fromBytes(static_cast<ElementKind>(output.type),
                                        llvm::ArrayRef(output.shape, output.rank), results[i].data()));
    if (!results[i].isIntact())
      return "output '" + outputName(i) + "': bytes outside it were written";
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::vector<char> bytes = inputs[i].toBytes();
    if (!buffers[i].isIntact() || (!bytes.empty() && std::memcmp(buffers[i].data(), bytes.data(), bytes.size()) != 0))
      return "input '" + inputs[i].name + "' was written";
  }
  // The context holds addresses of buffers that end here.
  for (size_t i = 0; i < engine.numOutputs(); ++i)
    (void)context.setOutput(i, engine.output(i).type, nullptr, 0);
  return "";
}

} // namespace reckon::reference
