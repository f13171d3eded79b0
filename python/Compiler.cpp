//===- Compiler.cpp - reckon._compiler: the compiler's C interface for Python ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//

#include "Object.h"

#include "reckon/Compiler/CompilerC.h"

#include <vector>

using namespace reckon::python;

static_assert(invalid == RECKON_COMPILER_INVALID, "statuses are the tools' exit codes");

namespace {
/// An engine in memory.
struct Compilation {
  ReckonCompilation *handle;
  explicit Compilation(ReckonCompilation *handle) : handle(handle) {}
  Compilation(const Compilation &) = delete;
  ~Compilation() { reckon_compilation_destroy(handle); }
};

/// What the C callbacks call: Python functions, under the interpreter's lock. The first exception ends the compilation.
class Listener {
public:
  Listener(PyObject *onDiagnostic, PyObject *onProgress) : onDiagnostic(onDiagnostic), onProgress(onProgress) {}
  Listener(const Listener &) = delete;
  ~Listener() {
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
  }

  ReckonCompilerCallbacks callbacks() {
    ReckonCompilerCallbacks result = RECKON_COMPILER_CALLBACKS_INIT;
    result.user = this;
    result.diagnostic = [](void *user, const ReckonDiagnostic *told) {
      static_cast<Listener *>(user)->guard([&](Listener &self) {
        self.call(self.onDiagnostic,
                  makeTuple(int64_t(told->severity), std::string(told->location), std::string(told->message)));
      });
    };
    result.progress = [](void *user, const char *phase, size_t index, size_t count) {
      static_cast<Listener *>(user)->guard([&](Listener &self) {
        self.call(self.onProgress, makeTuple(std::string(phase), int64_t(index), int64_t(count)));
      });
    };
    result.is_cancelled = [](void *user) -> int {
      auto *self = static_cast<Listener *>(user);
      self->guard([](Listener &) {
        if (PyErr_CheckSignals() != 0) // Ctrl-C
          throw Raised();
      });
      return self->type != nullptr;
    };
    return result;
  }

  /// Raises what a callback raised.
  void raiseAgain() {
    if (!type)
      return;
    PyErr_Restore(std::exchange(type, nullptr), std::exchange(value, nullptr), std::exchange(trace, nullptr));
    throw Raised();
  }

private:
  template <typename Body> void guard(Body body) {
    PyGILState_STATE state = PyGILState_Ensure();
    if (!type) {
      try {
        body(*this);
      } catch (const Raised &) {
        PyErr_Fetch(&type, &value, &trace);
      } catch (const std::bad_alloc &) {
        PyErr_NoMemory();
        PyErr_Fetch(&type, &value, &trace);
      }
    }
    PyGILState_Release(state);
  }
  void call(PyObject *function, Ref arguments) { Ref::take(PyObject_CallObject(function, arguments.get())); }

  PyObject *onDiagnostic, *onProgress;
  PyObject *type = nullptr, *value = nullptr, *trace = nullptr;
};

/// The options of a call, a sequence of (name, value).
struct Options {
  explicit Options(PyObject *pairs) {
    forEach(pairs, [&](size_t, PyObject *pair) {
      for (Py_ssize_t part : {0, 1})
        texts.push_back(std::make_unique<std::string>(toText(Ref::take(PySequence_GetItem(pair, part)).get())));
      list.push_back({texts.end()[-2]->c_str(), texts.back()->c_str()});
    });
  }
  std::vector<std::unique_ptr<std::string>> texts;
  std::vector<ReckonCompilerOption> list;
};
} // namespace

template <typename Call> static Ref compile(PyObject *pairs, PyObject *onDiagnostic, PyObject *onProgress, Call call) {
  Options options(pairs);
  Listener listener(onDiagnostic, onProgress);
  ReckonCompilerCallbacks callbacks = listener.callbacks();
  ReckonCompilation *result = nullptr;
  ReckonCompilerStatus status;
  std::string error;
  {
    WithoutLock unlocked;
    status = call(options.list, &callbacks, &result);
    error = reckon_compiler_last_error();
  }
  auto compilation = std::make_unique<Compilation>(result);
  listener.raiseAgain();
  if (status != RECKON_COMPILER_OK)
    throw StatusError{status, error};
  return Class<Compilation>::make(std::move(compilation));
}

/// (path, options, on_diagnostic, on_progress)
static Ref compileFile(PyObject *, const Arguments &arguments) {
  std::string path = toPath(arguments[0]);
  return compile(arguments[1], arguments[2], arguments[3],
                 [&](const auto &options, const ReckonCompilerCallbacks *callbacks, ReckonCompilation **result) {
                   return reckon_compile_file(path.c_str(), options.data(), options.size(), callbacks, result);
                 });
}

/// (model, name, options, on_diagnostic, on_progress)
static Ref compileBytes(PyObject *, const Arguments &arguments) {
  Memory model(arguments[0], PyBUF_C_CONTIGUOUS);
  std::string name = toText(arguments[1]);
  return compile(arguments[2], arguments[3], arguments[4],
                 [&](const auto &options, const ReckonCompilerCallbacks *callbacks, ReckonCompilation **result) {
                   return reckon_compile_buffer(model->buf, size_t(model->len), name.c_str(), options.data(),
                                                options.size(), callbacks, result);
                 });
}

/// (name, what a value is called or None, help, whether it may be repeated) of each option
static Ref listOptions(PyObject *, const Arguments &) {
  return makeList(reckon_compiler_num_options(), [](size_t index) {
    ReckonCompilerOptionInfo info;
    reckon_compiler_option(index, &info);
    return makeTuple(std::string(info.name), info.metavar ? toPython(std::string(info.metavar)) : none(),
                     std::string(info.help), Ref::take(PyBool_FromLong(info.repeats)));
  });
}

static Ref getVersion(PyObject *, const Arguments &) { return toPython(std::string(reckon_compiler_version())); }

//===-- The module --------------------------------------------------------------===//

static std::pair<const void *, size_t> getEngine(PyObject *self) {
  size_t size;
  const void *data = reckon_compilation_engine(Class<Compilation>::of(self).handle, &size);
  return {data, size};
}

static PyMethodDef functions[] = {method<getVersion>("version"),
                                  method<listOptions>("options"),
                                  method<compileFile>("compile_file"),
                                  method<compileBytes>("compile_bytes"),
                                  {}};
static PyMethodDef compilationMethods[] = {{}};
static const PyType_Slot compilationSlots[] = {bufferSlot<getEngine>(), {}};

static void fillModule(PyObject *module) {
  addFunctions(module, functions);
  Class<Compilation>::add(module, "reckon._compiler.Compilation", compilationMethods, compilationSlots);
}

// NOLINTNEXTLINE(bugprone-reserved-identifier): the name that Python looks for
PyMODINIT_FUNC PyInit__compiler() {
  return makeModule<fillModule>("reckon._compiler", "The compiler's C interface; use the package reckon.");
}
