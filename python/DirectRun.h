//===- DirectRun.h - Runs on tensors that are as the engine takes them -------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//

#ifndef RECKON_PYTHON_DIRECTRUN_H
#define RECKON_PYTHON_DIRECTRUN_H

#include "DLPack.h"
#include "Runtime.h"

namespace reckon::python {

/// How a run may end before it has finished.
class RunLimits {
public:
  /// Microseconds; 0: no limit, but the run looks whether it was cancelled; negative: neither.
  explicit RunLimits(int64_t timeout) : isLimited(timeout >= 0) { options.timeout_us = timeout; }
  const ReckonRunOptions *get() const { return isLimited ? &options : nullptr; }

private:
  ReckonRunOptions options = RECKON_RUN_OPTIONS_INIT;
  bool isLimited;
};

/// numpy's array, or a tensor of a class with DLPack's table of functions, where it lies.
class Operand {
public:
  Operand() = default;
  Operand(const Operand &) = delete;
  ~Operand() { release(); }

  /// Whether the engine can use the value as it is. It stays where it is until release(). Raises nothing.
  bool take(PyObject *value, const ReckonTensorInfo &info, int bufferFlags);
  void release();

  static constexpr int32_t onHost = -1;
  void *data = nullptr;
  const int64_t *shape = nullptr;
  int32_t gpu = onHost;
  const dlpack::ExchangeApi *api = nullptr; ///< of a tensor's class

private:
  bool takeArray(PyObject *value, const ReckonTensorInfo &info, int bufferFlags);
  bool takeTensor(PyObject *value, const ReckonTensorInfo &info);

  Py_buffer view{};
  PyObject *held = nullptr;
};

/// Runs a context without a function of Python where every input is numpy's array or a tensor of a class with DLPack's
/// table of functions, of the right type and rank, dense, and all are on the host or on the context's GPU.
class DirectRun {
public:
  /// `makeMakers` is called with a tensor on the GPU, or None, and gives for each output a function that makes one of a
  /// shape, like that tensor or as an array.
  DirectRun(ReckonContext *context, const std::vector<ReckonTensorInfo> &inputs,
            const std::vector<ReckonTensorInfo> &outputs, int32_t gpu, PyObject *makeMakers);

  /// {name: output} of a run on a tuple of inputs or a dict of them. None where something is not as said above or not
  /// right; nothing has run then, and the caller, who takes more kinds of things, does it or says what is wrong.
  Ref run(PyObject *given, PyObject *out, const RunLimits &limits);

private:
  bool takeInputs(PyObject *given);
  void bindInputs();
  bool bindOutputs(PyObject *out, PyObject *results);
  Ref makeOutput(size_t index, const ReckonTensor &tensor);
  void release();
  int32_t where() const { return inputs.empty() ? Operand::onHost : inputs[0].gpu; }

  ReckonContext *context;
  const std::vector<ReckonTensorInfo> &inputInfos, &outputInfos;
  int32_t gpu; ///< of the context
  Ref makeMakers, arrayMakers, tensorMakers;
  Ref tensorType;            ///< that tensorMakers are for
  PyObject *first = nullptr; ///< input of the run under way, which is held with the others
  std::vector<Ref> inputNames, outputNames;
  std::vector<Operand> inputs, outputs;
  std::vector<ReckonInput> bindings;
};

/// What the above needs to know of numpy. Once, before the first run.
void findNumpy();

} // namespace reckon::python

#endif // RECKON_PYTHON_DIRECTRUN_H
