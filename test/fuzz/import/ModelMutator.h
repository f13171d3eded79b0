//===- ModelMutator.h - Mutants of ONNX models that still parse -----------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#ifndef RECKON_TEST_FUZZ_IMPORT_MODELMUTATOR_H
#define RECKON_TEST_FUZZ_IMPORT_MODELMUTATOR_H

#include <onnx/onnx_pb.h>

#include <random>

namespace reckon::fuzz {

/// Changes one to a few fields of the model, anywhere in it: numbers become edge cases, names become other names of the
/// model, operators other operators, elements of lists are dropped, doubled or swapped.
void mutateModel(onnx::ModelProto &model, std::mt19937 &random);

} // namespace reckon::fuzz

#endif // RECKON_TEST_FUZZ_IMPORT_MODELMUTATOR_H
