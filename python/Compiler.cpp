//===- Compiler.cpp - reckon._compiler: the compiler's C interface for Python ----------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//

#include "Status.h"

#include "reckon/Compiler/CompilerC.h"

#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>

namespace py = pybind11;
using reckon::python::StatusError;

namespace {
/// An engine in memory, with Python's buffer protocol.
class Compilation {
public:
  explicit Compilation(ReckonCompilation *handle) : handle(handle) {}
  Compilation(const Compilation &) = delete;
  ~Compilation() { reckon_compilation_destroy(handle); }
  py::buffer_info bytes() const {
    size_t size;
    const void *data = reckon_compilation_engine(handle, &size);
    return py::buffer_info(static_cast<const uint8_t *>(data), py::ssize_t(size));
  }

private:
  ReckonCompilation *handle;
};

using Options = std::vector<std::pair<std::string, std::string>>;
using OnDiagnostic = std::function<void(int, const std::string &, const std::string &)>;
using OnProgress = std::function<void(const std::string &, size_t, size_t)>;

/// What the C callbacks call: Python functions, under the interpreter's lock. The first exception ends the compilation.
struct Listener {
  OnDiagnostic onDiagnostic;
  OnProgress onProgress;
  std::optional<py::error_already_set> raised;

  template <typename Call> void guarded(Call call) {
    py::gil_scoped_acquire acquire;
    if (raised)
      return;
    try {
      call();
    } catch (py::error_already_set &error) {
      raised.emplace(error);
    }
  }

  ReckonCompilerCallbacks callbacks() {
    ReckonCompilerCallbacks result = RECKON_COMPILER_CALLBACKS_INIT;
    result.user = this;
    result.diagnostic = [](void *user, const ReckonDiagnostic *told) {
      auto *self = static_cast<Listener *>(user);
      self->guarded([&] { self->onDiagnostic(told->severity, told->location, told->message); });
    };
    result.progress = [](void *user, const char *phase, size_t index, size_t count) {
      auto *self = static_cast<Listener *>(user);
      self->guarded([&] { self->onProgress(phase, index, count); });
    };
    result.is_cancelled = [](void *user) -> int {
      auto *self = static_cast<Listener *>(user);
      self->guarded([] {
        if (PyErr_CheckSignals() != 0) // Ctrl-C
          throw py::error_already_set();
      });
      return self->raised.has_value();
    };
    return result;
  }
};

template <typename Compile>
std::unique_ptr<Compilation> compile(const Options &options, OnDiagnostic onDiagnostic, OnProgress onProgress,
                                     Compile call) {
  std::vector<ReckonCompilerOption> list;
  for (const auto &[name, value] : options)
    list.push_back({name.c_str(), value.c_str()});
  Listener listener{std::move(onDiagnostic), std::move(onProgress), {}};
  ReckonCompilerCallbacks callbacks = listener.callbacks();
  ReckonCompilation *result = nullptr;
  ReckonCompilerStatus status;
  std::string error;
  {
    py::gil_scoped_release release;
    status = call(list, &callbacks, &result);
    error = reckon_compiler_last_error();
  }
  auto compilation = result ? std::make_unique<Compilation>(result) : nullptr;
  if (listener.raised)
    throw py::error_already_set(std::move(*listener.raised));
  if (status != RECKON_COMPILER_OK)
    throw StatusError(status, error);
  return compilation;
}
} // namespace

PYBIND11_MODULE(_compiler, module) {
  module.doc() = "The compiler's C interface; use the package reckon.";
  reckon::python::registerStatus();
  module.def("version", &reckon_compiler_version);
  module.def("options", [] {
    std::vector<std::tuple<std::string, std::optional<std::string>, std::string, bool>> result;
    for (size_t i = 0; i < reckon_compiler_num_options(); ++i) {
      ReckonCompilerOptionInfo info;
      if (reckon_compiler_option(i, &info) == RECKON_COMPILER_OK)
        result.emplace_back(info.name, info.metavar ? std::optional<std::string>(info.metavar) : std::nullopt,
                            info.help, info.repeats != 0);
    }
    return result;
  });
  py::class_<Compilation>(module, "Compilation", py::buffer_protocol()).def_buffer(&Compilation::bytes);
  module.def(
      "compile_file",
      [](const std::string &path, const Options &options, OnDiagnostic onDiagnostic, OnProgress onProgress) {
        return compile(options, std::move(onDiagnostic), std::move(onProgress),
                       [&](const auto &list, const ReckonCompilerCallbacks *callbacks, ReckonCompilation **result) {
                         return reckon_compile_file(path.c_str(), list.data(), list.size(), callbacks, result);
                       });
      },
      py::arg("path"), py::arg("options"), py::arg("on_diagnostic"), py::arg("on_progress"));
  module.def(
      "compile_bytes",
      [](const py::buffer &model, const std::string &name, const Options &options, OnDiagnostic onDiagnostic,
         OnProgress onProgress) {
        py::buffer_info info = model.request();
        return compile(options, std::move(onDiagnostic), std::move(onProgress),
                       [&](const auto &list, const ReckonCompilerCallbacks *callbacks, ReckonCompilation **result) {
                         return reckon_compile_buffer(info.ptr, info.size * info.itemsize, name.c_str(), list.data(),
                                                      list.size(), callbacks, result);
                       });
      },
      py::arg("model"), py::arg("name"), py::arg("options"), py::arg("on_diagnostic"), py::arg("on_progress"));
}
