//===- DirectRun.cpp - Runs on tensors that are as the engine takes them ---------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//

#include "DirectRun.h"

#include <algorithm>
#include <tuple>

using namespace reckon::python;

static_assert(sizeof(Py_ssize_t) == sizeof(int64_t), "shapes of buffers are taken as they are");

//===-- Operands --------------------------------------------------------------===//

static PyTypeObject *arrayType = nullptr;

void reckon::python::findNumpy() {
  Ref numpy = Ref::take(PyImport_ImportModule("numpy"));
  arrayType = reinterpret_cast<PyTypeObject *>(Ref::take(PyObject_GetAttrString(numpy.get(), "ndarray")).release());
}

/// The table of functions of the class itself: a class derived from one that has it may keep its elements elsewhere.
/// Null where there is none.
static const dlpack::ExchangeApi *readExchangeApi(PyObject *type) {
  try {
    Ref names = Ref::take(PyObject_GetAttrString(type, "__dict__"));
    Ref capsule = Ref::take(PyMapping_GetItemString(names.get(), dlpack::ExchangeApi::attribute));
    void *pointer = PyCapsule_GetPointer(capsule.get(), dlpack::ExchangeApi::capsule);
    if (!pointer)
      throw Raised();
    auto *api = static_cast<const dlpack::ExchangeApi *>(pointer);
    while (api && api->major != dlpack::ExchangeApi::version)
      api = api->older;
    return api && api->toTensor && api->currentStream ? api : nullptr;
  } catch (const Raised &) {
    PyErr_Clear();
    return nullptr;
  }
}

/// The same, at once for the class asked for before. Classes asked for stay.
static const dlpack::ExchangeApi *findExchangeApi(PyObject *type) {
  static PyObject *known = nullptr, *unknown = nullptr;
  static const dlpack::ExchangeApi *knownApi = nullptr;
  if (type == known)
    return knownApi;
  if (type == unknown)
    return nullptr;
  const dlpack::ExchangeApi *api = readExchangeApi(type);
  PyObject *&place = api ? known : unknown;
  Py_INCREF(type);
  Py_XDECREF(std::exchange(place, type));
  if (api)
    knownApi = api;
  return api;
}

/// Stricter than it need be: torch's views of the imaginary parts of conjugates, whose elements are negated when they
/// are read, look like others but for strides of 2, also over sizes of 1; a single number has no strides to tell it by.
static bool isDense(const dlpack::Tensor &tensor) {
  if (tensor.rank == 0)
    return false;
  if (!tensor.strides || std::find(tensor.shape, tensor.shape + tensor.rank, 0) != tensor.shape + tensor.rank)
    return true;
  int64_t stride = 1;
  for (int32_t axis = tensor.rank; axis-- > 0; stride *= tensor.shape[axis])
    if (tensor.strides[axis] != stride)
      return false;
  return true;
}

void Operand::release() {
  if (view.obj)
    PyBuffer_Release(&view);
  Py_CLEAR(held);
}

bool Operand::take(PyObject *value, const ReckonTensorInfo &info, int bufferFlags) {
  release();
  return Py_TYPE(value) == arrayType ? takeArray(value, info, bufferFlags) : takeTensor(value, info);
}

bool Operand::takeArray(PyObject *value, const ReckonTensorInfo &info, int bufferFlags) {
  if (PyObject_GetBuffer(value, &view, bufferFlags) != 0) {
    PyErr_Clear();
    return false;
  }
  data = view.buf;
  shape = reinterpret_cast<const int64_t *>(view.shape);
  gpu = onHost;
  api = nullptr;
  return size_t(view.ndim) == info.rank && holds(view, info.type);
}

bool Operand::takeTensor(PyObject *value, const ReckonTensorInfo &info) {
  api = findExchangeApi(reinterpret_cast<PyObject *>(Py_TYPE(value)));
  if (!api)
    return false;
  dlpack::Tensor tensor{};
  if (api->toTensor(value, &tensor) != 0) {
    PyErr_Clear();
    return false;
  }
  bool isTaken = size_t(tensor.rank) == info.rank && tensor.typeCode == typeFacts(info.type).dlpackCode &&
                 tensor.bits == 8 * reckon_element_size(info.type) && tensor.lanes == 1 && isDense(tensor);
  if (tensor.deviceType == dlpack::Cuda)
    gpu = tensor.deviceId;
  else if (tensor.deviceType == dlpack::Cpu || tensor.deviceType == dlpack::CudaHost)
    gpu = onHost;
  else
    return false;
  Py_INCREF(value);
  held = value;
  data = static_cast<char *>(tensor.data) + tensor.byteOffset;
  shape = tensor.shape;
  return isTaken;
}

//===-- Runs ------------------------------------------------------------------===//

static std::vector<Ref> makeNames(const std::vector<ReckonTensorInfo> &infos) {
  std::vector<Ref> names;
  for (const ReckonTensorInfo &info : infos)
    names.push_back(Ref::take(PyUnicode_InternFromString(info.name)));
  return names;
}

DirectRun::DirectRun(ReckonContext *context, const std::vector<ReckonTensorInfo> &inputInfos,
                     const std::vector<ReckonTensorInfo> &outputInfos, int32_t gpu, PyObject *makeMakers)
    : context(context), inputInfos(inputInfos), outputInfos(outputInfos), gpu(gpu), makeMakers(Ref::share(makeMakers)),
      inputNames(makeNames(inputInfos)), outputNames(makeNames(outputInfos)), inputs(inputInfos.size()),
      outputs(outputInfos.size()), bindings(inputInfos.size(), RECKON_INPUT_INIT) {}

void DirectRun::release() {
  for (Operand &input : inputs)
    input.release();
  for (Operand &output : outputs)
    output.release();
  // Those on a GPU stay with the context, whose run may be under way.
  if (where() == Operand::onHost)
    for (size_t i = 0; i < outputs.size(); ++i)
      std::ignore = reckon_set_output(context, i, outputInfos[i].type, nullptr, 0);
}

Ref DirectRun::run(PyObject *given, PyObject *out, const RunLimits &limits) {
  struct Release {
    DirectRun &run;
    ~Release() { run.release(); }
  } atEnd{*this};
  if (!takeInputs(given))
    return none();
  bindInputs();
  check(reckon_prepare(context));
  Ref results = Ref::take(PyDict_New());
  if (!bindOutputs(out == Py_None ? nullptr : out, results.get()))
    return none();
  if (where() == Operand::onHost) {
    checkUnlocked([&] { return reckon_run_with_options(context, limits.get()); });
    return results;
  }
  void *stream;
  if (inputs[0].api->currentStream(dlpack::Cuda, gpu, &stream) != 0) {
    PyErr_Clear();
    return none();
  }
  checkUnlocked([&] { return reckon_run_async_with_options(context, stream, limits.get()); });
  return results;
}

bool DirectRun::takeInputs(PyObject *given) {
  bool isTuple = PyTuple_CheckExact(given);
  if ((!isTuple && !PyDict_CheckExact(given)) ||
      (isTuple ? PyTuple_Size(given) : PyDict_Size(given)) != Py_ssize_t(inputs.size()))
    return false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    PyObject *value =
        isTuple ? PyTuple_GetItem(given, Py_ssize_t(i)) : PyDict_GetItemWithError(given, inputNames[i].get());
    if (!value && PyErr_Occurred())
      throw Raised();
    if (!value || !inputs[i].take(value, inputInfos[i], PyBUF_RECORDS_RO) || inputs[i].gpu != inputs[0].gpu)
      return false;
    if (i == 0)
      first = value;
  }
  return where() == Operand::onHost || where() == gpu;
}

void DirectRun::bindInputs() {
  bool isOnHost = where() == Operand::onHost;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ReckonTensorInfo &info = inputInfos[i];
    if (isOnHost)
      bindings[i] = {sizeof(ReckonInput), info.type, info.rank, inputs[i].shape, inputs[i].data};
    else
      check(reckon_set_device_input(context, i, info.type, info.rank, inputs[i].shape, inputs[i].data));
  }
  if (isOnHost)
    check(reckon_set_inputs(context, bindings.data(), bindings.size()));
}

bool DirectRun::bindOutputs(PyObject *out, PyObject *results) {
  if (out && !PyDict_CheckExact(out))
    return false;
  Py_ssize_t given = 0;
  auto set = where() == Operand::onHost ? reckon_set_output : reckon_set_device_output;
  for (size_t i = 0; i < outputs.size(); ++i) {
    ReckonTensor tensor;
    check(reckon_output(context, i, &tensor));
    Ref made;
    PyObject *value = out ? PyDict_GetItemWithError(out, outputNames[i].get()) : nullptr;
    if (value) {
      ++given;
    } else {
      if (PyErr_Occurred())
        throw Raised();
      made = makeOutput(i, tensor);
      value = made.get();
    }
    Operand &output = outputs[i];
    if (!output.take(value, outputInfos[i], PyBUF_RECORDS) || output.gpu != where() ||
        !std::equal(tensor.shape, tensor.shape + tensor.rank, output.shape))
      return false;
    check(set(context, i, outputInfos[i].type, output.data, tensor.bytes));
    if (PyDict_SetItem(results, outputNames[i].get(), value) != 0)
      throw Raised();
  }
  return !out || PyDict_Size(out) == given;
}

Ref DirectRun::makeOutput(size_t index, const ReckonTensor &tensor) {
  bool isOnHost = where() == Operand::onHost;
  Ref &makers = isOnHost ? arrayMakers : tensorMakers;
  PyObject *type = isOnHost ? Py_None : reinterpret_cast<PyObject *>(Py_TYPE(first));
  if (!makers.get() || (!isOnHost && type != tensorType.get())) {
    makers = Ref::take(PyObject_CallFunctionObjArgs(makeMakers.get(), isOnHost ? Py_None : first, nullptr));
    tensorType = Ref::share(type);
  }
  Ref shape = Ref::take(PyTuple_New(Py_ssize_t(tensor.rank)));
  for (size_t axis = 0; axis < tensor.rank; ++axis)
    PyTuple_SetItem(shape.get(), Py_ssize_t(axis), toPython(tensor.shape[axis]).release());
  Ref maker = Ref::take(PySequence_GetItem(makers.get(), Py_ssize_t(index)));
  return Ref::take(PyObject_CallFunctionObjArgs(maker.get(), shape.get(), nullptr));
}
