//===- Status.h - Statuses of the C interfaces as Python exceptions --------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_PYTHON_STATUS_H
#define RECKON_PYTHON_STATUS_H

#include <pybind11/pybind11.h>

#include <stdexcept>
#include <string>

namespace reckon::python {

/// A status other than 0, and why. In Python the exception that reckon.errors.from_status() makes of them.
struct StatusError : std::runtime_error {
  StatusError(int status, const std::string &message) : std::runtime_error(message), status(status) {}
  int status;
};

/// Makes exceptions of them in the module that calls it.
inline void registerStatus() {
  pybind11::register_local_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer)
        std::rethrow_exception(pointer);
    } catch (const StatusError &error) {
      pybind11::object made =
          pybind11::module_::import("reckon.errors").attr("from_status")(error.status, error.what());
      PyErr_SetObject(reinterpret_cast<PyObject *>(Py_TYPE(made.ptr())), made.ptr());
    }
  });
}

} // namespace reckon::python

#endif // RECKON_PYTHON_STATUS_H
