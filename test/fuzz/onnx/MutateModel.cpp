//===- MutateModel.cpp - Mutants of the bytes of models ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "test/fuzz/onnx/MutateModel.h"
#include "test/fuzz/onnx/Mutation.h"

#include <google/protobuf/stubs/logging.h>

#include <cstring>
#include <string>

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace reckon::fuzz {

static bool parse(ModelBytes bytes, onnx::ModelProto &model) {
  google::protobuf::LogSilencer silencer;
  return bytes.size <= INT32_MAX && model.ParseFromArray(bytes.data, int(bytes.size)) && model.has_graph();
}

/// The size written, or 0 when the model does not fit.
static size_t write(const onnx::ModelProto &model, uint8_t *out, size_t maxSize) {
  std::string bytes;
  if (!model.SerializePartialToString(&bytes) || bytes.empty() || bytes.size() > maxSize)
    return 0;
  std::memcpy(out, bytes.data(), bytes.size());
  return bytes.size();
}

size_t mutateModel(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  onnx::ModelProto model;
  if (seed % 16 == 0 || !parse({data, size}, model))
    return LLVMFuzzerMutate(data, size, maxSize);
  Mutation mutation(model, seed);
  mutation.apply();
  // What points into the model may be gone after a mutation: each starts from what it finds.
  for (unsigned i = 1; i < 1 + seed / 16 % 4; ++i)
    Mutation(model, seed + i).apply();
  size_t written = write(model, data, maxSize);
  return written ? written : LLVMFuzzerMutate(data, size, maxSize);
}

size_t joinModels(ModelBytes first, ModelBytes second, uint8_t *out, size_t maxSize, unsigned seed) {
  onnx::ModelProto model, other;
  if (!parse(first, model) || !parse(second, other))
    return 0;
  Mutation(model, seed).insert(other);
  return write(model, out, maxSize);
}

} // namespace reckon::fuzz
