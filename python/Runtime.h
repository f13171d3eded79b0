//===- Runtime.h - What the files of reckon._runtime share ------------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//

#ifndef RECKON_PYTHON_RUNTIME_H
#define RECKON_PYTHON_RUNTIME_H

#include "Object.h"

#include "reckon/Runtime/Runtime.h"

#include <vector>

namespace reckon::python {

static_assert(invalid == RECKON_INVALID, "statuses are the tools' exit codes");

inline void check(ReckonStatus status) {
  if (status != RECKON_OK)
    throw StatusError{status, reckon_last_error()};
}

/// The status of a call of the C interface that other threads of Python need not wait for.
template <typename Call> void checkUnlocked(Call call) {
  ReckonStatus status;
  {
    WithoutLock unlocked;
    status = call();
  }
  check(status);
}

/// Keeps an object from other threads while this lives; `isBusy` is of the object, under the interpreter's lock.
class Claim {
public:
  Claim(bool &isBusy, const char *refusal) : isBusy(isBusy) {
    if (std::exchange(isBusy, true))
      throw StatusError{RECKON_INVALID, refusal};
  }
  Claim(const Claim &) = delete;
  ~Claim() { isBusy = false; }

private:
  bool &isBusy;
};

/// An element type elsewhere.
struct TypeFacts {
  const char *numpy;   ///< the name of numpy's dtype, which has no bfloat16: those are their bits
  const char *formats; ///< the struct module's letters for memory that holds elements of it
  uint8_t dlpackCode;  ///< DLDataTypeCode
};
TypeFacts typeFacts(ReckonElementType type);

/// Whether memory is dense and holds elements of the type in the machine's byte order.
bool holds(const Py_buffer &view, ReckonElementType type);

Ref makeTexts(const char *const *texts, size_t count);

struct Engine {
  ReckonEngine *handle = nullptr;
  std::vector<Memory> kept; ///< what the engine reads in place

  Engine() = default;
  Engine(const Engine &) = delete;
  ~Engine() { reckon_engine_close(handle); }
};

// Functions and classes of the module, by file.
void addEngines(PyObject *module);
void addUpdates(PyObject *module);
void addContexts(PyObject *module);

} // namespace reckon::python

#endif // RECKON_PYTHON_RUNTIME_H
