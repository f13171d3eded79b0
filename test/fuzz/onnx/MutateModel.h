//===- MutateModel.h - Mutants that are still models ------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Flipped bytes seldom leave a protobuf message that parses. These mutations change nodes, attributes, shapes, names
// and data of the parsed model, so that most mutants reach the passes.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TEST_FUZZ_ONNX_MUTATEMODEL_H
#define RECKON_TEST_FUZZ_ONNX_MUTATEMODEL_H

#include <cstddef>
#include <cstdint>

namespace reckon::fuzz {

struct ModelBytes {
  const uint8_t *data;
  size_t size;
};

/// Changes the model in place; gives its new size. A few mutants are of raw bytes, as are all of what is no model.
size_t mutateModel(uint8_t *data, size_t size, size_t maxSize, unsigned seed);

/// Puts nodes and weights of the second model into the first, on values of the first.
size_t joinModels(ModelBytes first, ModelBytes second, uint8_t *out, size_t maxSize, unsigned seed);

} // namespace reckon::fuzz

#endif // RECKON_TEST_FUZZ_ONNX_MUTATEMODEL_H
