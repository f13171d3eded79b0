//===- LoadedEngine.h - An engine with its tables bound -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_LOADEDENGINE_H
#define RECKON_RUNTIME_LOADEDENGINE_H

#include "Counters.h"
#include "ShapeSolver.h"
#include "TableStorage.h"
#include "ThreadPool.h"
#include "reckon/Engine/EngineFile.h"

#include <map>
#include <mutex>

namespace reckon::runtime {

/// What a ReckonEngine stands for. Immutable after load(), but for programs, which devices load when first asked for.
class LoadedEngine {
public:
  [[nodiscard]] bool load(std::unique_ptr<EngineFile> file, const ReckonTableBinding *bindings, size_t numBindings,
                          Error &error);
  const EngineSpec &spec() const { return file->spec(); }
  uint64_t fileSize() const { return file->fileSize(); }
  const ShapeSolver &solver() const { return shapes; }
  const std::vector<BoundTable> &tables() const { return bound; }
  /// Null, with the error set, when the device cannot run this engine. Thread-safe.
  const Program *program(const std::string &device, Error &error) const;

  /// Texts of shapes, for the C interface.
  struct Texts {
    std::vector<std::string> text;
    std::vector<const char *> pointers;
  };
  std::vector<Texts> inputTexts, outputTexts;
  /// The kernels of all programs, for the C interface.
  struct Kernel {
    const ProgramSpec *program;
    const KernelSpec *spec;
    std::vector<const char *> nodes;
  };
  std::vector<Kernel> kernels;

  /// Of its contexts together. Thread-safe.
  mutable Counters counters;
  mutable ThreadPool pool;

private:
  std::unique_ptr<EngineFile> file;
  ShapeSolver shapes;
  // Rows are made up when a device wants them; programs read the tables when they load, under the same lock, and later
  // only their numbers of rows.
  mutable std::vector<TableStorage> storage;
  mutable std::vector<BoundTable> bound;
  mutable std::mutex mutex;
  mutable std::map<const Device *, std::unique_ptr<Program>> programs;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_LOADEDENGINE_H
