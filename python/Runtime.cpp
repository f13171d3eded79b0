//===- Runtime.cpp - reckon._runtime: the runtime's C interface for Python -------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//
//
// Memory in, memory out, by the buffer protocol and DLPack: numpy's own interface differs between its versions. Names,
// conversions and messages about wrong use are Python's (reckon/engine.py); nothing here trusts them with memory.
//
//===-----------------------------------------------------------------------------------===//

#include "Runtime.h"

#include "DLPack.h"

#include <cstring>

using namespace reckon::python;

TypeFacts reckon::python::typeFacts(ReckonElementType type) {
  switch (type) {
  case RECKON_F32:
    return {"float32", "f", dlpack::Float};
  case RECKON_F16:
    return {"float16", "e", dlpack::Float};
  case RECKON_F64:
    return {"float64", "d", dlpack::Float};
  case RECKON_BF16:
    return {"uint16", "H", dlpack::Bfloat};
  case RECKON_I8:
    return {"int8", "b", dlpack::Int};
  case RECKON_I16:
    return {"int16", "h", dlpack::Int};
  case RECKON_I32:
    return {"int32", "il", dlpack::Int};
  case RECKON_I64:
    return {"int64", "lq", dlpack::Int};
  case RECKON_U8:
    return {"uint8", "B", dlpack::Uint};
  case RECKON_U16:
    return {"uint16", "H", dlpack::Uint};
  case RECKON_U32:
    return {"uint32", "IL", dlpack::Uint};
  case RECKON_U64:
    return {"uint64", "LQ", dlpack::Uint};
  case RECKON_BOOL:
    return {"bool", "?", dlpack::Bool};
  }
  return {"", "", dlpack::Uint};
}

bool reckon::python::holds(const Py_buffer &view, ReckonElementType type) {
  const char *format = view.format ? view.format : "B";
  bool isType = std::strlen(format) == 1 && std::strchr(typeFacts(type).formats, format[0]) &&
                view.itemsize == Py_ssize_t(reckon_element_size(type));
  Py_ssize_t stride = view.itemsize;
  for (int axis = view.ndim; axis-- > 0 && view.len != 0; stride *= view.shape[axis])
    if (view.shape[axis] != 1 && view.strides[axis] != stride)
      return false;
  return isType;
}

Ref reckon::python::makeTexts(const char *const *texts, size_t count) {
  return makeList(count, [&](size_t index) { return toPython(std::string(texts[index])); });
}

static Ref getVersion(PyObject *, const Arguments &) { return toPython(std::string(reckon_version())); }

static PyMethodDef functions[] = {method<getVersion>("version"), {}};

static void fillModule(PyObject *module) {
  addFunctions(module, functions);
  addEngines(module);
  addUpdates(module);
  addContexts(module);
}

// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that Python looks for
PyMODINIT_FUNC PyInit__runtime() {
  return makeModule<fillModule>("reckon._runtime", "The runtime's C interface; use the package reckon.");
}
