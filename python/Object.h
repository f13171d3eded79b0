//===- Object.h - Python's objects through its stable interface ------------*- C++ -*-===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------------===//
//
// Only what the stable interface of Python 3.11 has, so that one build serves every later version.
//
//===---------------------------------------------------------------------------------===//

#ifndef RECKON_PYTHON_OBJECT_H
#define RECKON_PYTHON_OBJECT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <utility>

namespace reckon::python {

/// Thrown when Python has an exception set.
struct Raised {};

/// Wrong use, in both C interfaces.
constexpr int invalid = 2;

/// A status other than 0, and why. In Python the exception that reckon.errors.from_status() makes of them.
struct StatusError {
  int status;
  std::string message;
};

/// A reference that is held.
class Ref {
public:
  Ref() = default;
  /// Takes over a new reference; null is an exception that Python has set.
  static Ref take(PyObject *object) {
    if (!object)
      throw Raised();
    Ref result;
    result.object = object;
    return result;
  }
  static Ref share(PyObject *object) {
    Py_INCREF(object);
    return take(object);
  }
  Ref(Ref &&other) noexcept : object(std::exchange(other.object, nullptr)) {}
  Ref &operator=(Ref &&other) noexcept {
    std::swap(object, other.object);
    return *this;
  }
  ~Ref() { Py_XDECREF(object); }

  PyObject *get() const { return object; }
  /// The reference becomes the caller's.
  PyObject *release() { return std::exchange(object, nullptr); }

private:
  PyObject *object = nullptr;
};

/// Lets other threads run Python for as long as it lives.
class WithoutLock {
public:
  WithoutLock() : state(PyEval_SaveThread()) {}
  WithoutLock(const WithoutLock &) = delete;
  ~WithoutLock() { PyEval_RestoreThread(state); }

private:
  PyThreadState *state;
};

/// Memory of an object with the buffer protocol, which stays where it is while this lives.
class Memory {
public:
  /// `flags` say what the memory must be, such as PyBUF_RECORDS.
  Memory(PyObject *object, int flags) {
    if (PyObject_GetBuffer(object, &view, flags) != 0)
      throw Raised();
  }
  Memory(Memory &&other) noexcept : view(other.view) { other.view.obj = nullptr; }
  Memory(const Memory &) = delete;
  ~Memory() { PyBuffer_Release(&view); } // nothing where there is no object
  const Py_buffer &operator*() const { return view; }
  const Py_buffer *operator->() const { return &view; }

private:
  Py_buffer view;
};

//===-- Conversions -----------------------------------------------------------===//

/// Text for an interface where a null character is its end.
inline std::string checkText(const char *text, Py_ssize_t size) {
  if (!text)
    throw Raised();
  std::string result(text, size_t(size));
  if (result.find('\0') != std::string::npos)
    throw StatusError{invalid, "a text has a null character: '" + result.substr(0, result.find('\0')) + "...'"};
  return result;
}

inline std::string toText(PyObject *object) {
  if (!PyUnicode_Check(object)) {
    PyErr_Format(PyExc_TypeError, "expected a text, got %R", object);
    throw Raised();
  }
  Py_ssize_t size = 0;
  const char *text = PyUnicode_AsUTF8AndSize(object, &size);
  return checkText(text, size);
}

/// A path as the system takes it.
inline std::string toPath(PyObject *object) {
  Ref bytes = Ref::take(PyUnicode_EncodeFSDefault(object));
  return checkText(PyBytes_AsString(bytes.get()), PyBytes_Size(bytes.get()));
}

/// Checks a number for what Python says of its conversion.
template <typename Number> Number checkNumber(Number value) {
  if (value != Number(-1) || !PyErr_Occurred())
    return value;
  if (!PyErr_ExceptionMatches(PyExc_OverflowError))
    throw Raised();
  PyErr_Clear();
  throw StatusError{invalid, "a number is out of range"};
}
inline int64_t toInteger(PyObject *object) { return checkNumber<int64_t>(PyLong_AsLongLong(object)); }
inline uint64_t toUnsigned(PyObject *object) { return checkNumber<uint64_t>(PyLong_AsUnsignedLongLong(object)); }

inline Ref toPython(const std::string &text) {
  return Ref::take(PyUnicode_DecodeUTF8(text.data(), Py_ssize_t(text.size()), "replace"));
}
inline Ref toPython(int64_t value) { return Ref::take(PyLong_FromLongLong(value)); }
inline Ref toPython(uint64_t value) { return Ref::take(PyLong_FromUnsignedLongLong(value)); }
inline Ref toPython(double value) { return Ref::take(PyFloat_FromDouble(value)); }
inline Ref toPython(Ref ref) { return ref; }
inline Ref none() { return Ref::share(Py_None); }

/// A list of what `make` gives for each index.
template <typename Make> Ref makeList(size_t size, Make make) {
  Ref list = Ref::take(PyList_New(Py_ssize_t(size)));
  for (size_t i = 0; i < size; ++i)
    PyList_SetItem(list.get(), Py_ssize_t(i), Ref(make(i)).release());
  return list;
}

template <typename... Items> Ref makeTuple(Items &&...items) {
  Ref tuple = Ref::take(PyTuple_New(sizeof...(items)));
  Py_ssize_t index = 0;
  (PyTuple_SetItem(tuple.get(), index++, toPython(std::forward<Items>(items)).release()), ...);
  return tuple;
}
/// Calls `visit` with the index of each item of a sequence and the item, which is borrowed; gives how many there are.
template <typename Visit> size_t forEach(PyObject *sequence, Visit visit) {
  Py_ssize_t size = PySequence_Size(sequence);
  for (Py_ssize_t i = 0; i < size; ++i)
    visit(size_t(i), Ref::take(PySequence_GetItem(sequence, i)).get());
  if (size < 0)
    throw Raised();
  return size_t(size);
}

//===-- Functions and classes ---------------------------------------------------===//

/// Sets the exception that reckon.errors.from_status() makes of a status.
inline void setException(const StatusError &error) noexcept {
  try {
    Ref module = Ref::take(PyImport_ImportModule("reckon.errors")), message = toPython(error.message);
    Ref made = Ref::take(PyObject_CallMethod(module.get(), "from_status", "iO", error.status, message.get()));
    PyErr_SetObject(reinterpret_cast<PyObject *>(Py_TYPE(made.get())), made.get());
  } catch (const Raised &) {
  }
}

/// Runs the body of a function that Python calls. What it throws becomes Python's exception.
template <typename Body> PyObject *guarded(Body body) {
  try {
    return body().release();
  } catch (const Raised &) {
  } catch (const StatusError &error) {
    setException(error);
  } catch (const std::bad_alloc &) {
    PyErr_NoMemory();
  } catch (const std::exception &error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

/// The arguments of a call, which are by place.
struct Arguments {
  PyObject *const *values;
  Py_ssize_t count;

  PyObject *operator[](Py_ssize_t index) const {
    if (index < count)
      return values[index];
    PyErr_Format(PyExc_TypeError, "argument %zd is missing", index + 1);
    throw Raised();
  }
};

/// A function `Ref function(PyObject *self, const Arguments &)` as an entry of a table of methods.
template <auto function> PyMethodDef method(const char *name) noexcept {
  PyObject *(*call)(PyObject *, PyObject *const *, Py_ssize_t) = [](PyObject *self, PyObject *const *arguments,
                                                                    Py_ssize_t count) {
    return guarded([&] { return function(self, Arguments{arguments, count}); });
  };
  return {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call)), METH_FASTCALL, nullptr};
}

/// A Python class whose objects own a C++ object each; Python does not make them itself.
template <typename T> class Class {
public:
  /// `methods` ends with an empty entry and lives for ever; `more` are further slots, up to one of number 0.
  static void add(PyObject *module, const char *qualifiedName, PyMethodDef *methods,
                  const PyType_Slot *more = nullptr) {
    PyType_Slot slots[8] = {{Py_tp_dealloc, reinterpret_cast<void *>(&destroy)}, {Py_tp_methods, methods}};
    for (size_t i = 2; more && more->slot; ++more)
      slots[i++] = *more;
    PyType_Spec spec = {qualifiedName, sizeof(Object), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                        slots};
    Ref made = Ref::take(PyType_FromSpec(&spec));
    type = reinterpret_cast<PyTypeObject *>(made.get());
    if (PyModule_AddType(module, type) != 0)
      throw Raised();
    made.release(); // `type` keeps it
  }
  static Ref make(std::unique_ptr<T> held) {
    Ref object = Ref::take(PyType_GenericAlloc(type, 0));
    reinterpret_cast<Object *>(object.get())->held = held.release();
    return object;
  }
  static T &of(PyObject *object) {
    if (!PyObject_TypeCheck(object, type)) {
      PyErr_SetString(PyExc_TypeError, "the object is of another class");
      throw Raised();
    }
    return *reinterpret_cast<Object *>(object)->held;
  }

private:
  struct Object {
    PyObject_HEAD T *held;
  };
  static void destroy(PyObject *object) {
    PyTypeObject *own = Py_TYPE(object);
    delete reinterpret_cast<Object *>(object)->held;
    reinterpret_cast<freefunc>(PyType_GetSlot(own, Py_tp_free))(object);
    Py_DECREF(own);
  }
  static inline PyTypeObject *type = nullptr;
};

/// A module, which `fill(PyObject *module)` puts functions and classes into.
template <auto fill> PyObject *makeModule(const char *name, const char *doc) {
  static PyModuleDef definition = {PyModuleDef_HEAD_INIT, name, doc, -1, nullptr, nullptr, nullptr, nullptr, nullptr};
  return guarded([] {
    Ref module = Ref::take(PyModule_Create(&definition));
    fill(module.get());
    return module;
  });
}

/// `functions` ends with an empty entry and lives for ever.
inline void addFunctions(PyObject *module, PyMethodDef *functions) {
  if (PyModule_AddFunctions(module, functions) != 0)
    throw Raised();
}

/// Read-only memory that a class gives by the buffer protocol; `get` returns (address, bytes) for its object. As a slot
/// of a class.
template <auto get> PyType_Slot bufferSlot() noexcept {
  int (*call)(PyObject *, Py_buffer *, int) = [](PyObject *self, Py_buffer *view, int flags) {
    auto [data, size] = get(self);
    return PyBuffer_FillInfo(view, self, const_cast<void *>(data), Py_ssize_t(size), /*readonly=*/1, flags);
  };
  return {Py_bf_getbuffer, reinterpret_cast<void *>(call)};
}

} // namespace reckon::python

#endif // RECKON_PYTHON_OBJECT_H
