//===- LoadedEngine.h - An engine with its tables bound -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_LOADEDENGINE_H
#define RECKON_RUNTIME_LOADEDENGINE_H

#include "Counters.h"
#include "RowChecks.h"
#include "Scrub.h"
#include "ShapeSolver.h"
#include "TableStorage.h"
#include "ThreadPool.h"
#include "Versions.h"
#include "WarmUp.h"
#include "reckon/Engine/EngineFile.h"

#include <map>
#include <mutex>

namespace reckon::runtime {

/// What a ReckonEngine stands for. Immutable after load(), but for programs, which devices load when first asked for.
class LoadedEngine {
public:
  /// `deviceTables` is for devices with memory of their own, `placement` for the host.
  [[nodiscard]] bool load(std::unique_ptr<EngineFile> file, const ReckonTableBinding *bindings, size_t numBindings,
                          Error &error, ReckonDeviceTables deviceTables = RECKON_DEVICE_TABLES_OWN,
                          Placement placement = {});
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
  /// Of tables and weights. Thread-safe.
  std::unique_ptr<Versions> versions;
  /// Makes the changes the next version on all devices: Versions::commit().
  [[nodiscard]] bool commit(const Changes &changes, uint64_t only, uint64_t &version, Error &error) const;
  /// Rows that were not checked when the engine was opened. Thread-safe.
  mutable RowChecks rowChecks;
  const std::vector<int64_t> &tableRows() const { return rowCounts; }
  uint64_t identity() const { return file->identity(); }
  /// Who has to have signed the engine and its update logs.
  const std::optional<PublicKey> &signer() const { return file->signer(); }
  /// Reads rows that runs will want into memory and checks them.
  [[nodiscard]] bool warmUp(const WarmUp &wanted, Error &error) const;
  /// Checks the rows that nobody has checked on a thread of its own.
  void startScrub(uint64_t bytesPerSecond) const { scrub.start(rowChecks, bytesPerSecond); }
  /// Writes the newest version as an engine, in the place of what is there. Its recipe is `recipe` unless that is null.
  [[nodiscard]] bool save(const std::string &path, const RecipeSpec *recipe, Error &error) const;

private:
  std::unique_ptr<EngineFile> file;
  ShapeSolver shapes;
  // Rows are made up, or copied to where they are to lie, when a device wants them in the host's memory; programs read
  // the tables when they load, under `changing`, and later only their numbers of rows.
  [[nodiscard]] bool settleTables(Error &error) const;
  void logPlacement() const;
  RowSource sourceOf(size_t table) const;
  void nameTables();
  std::string nameOf(size_t table, std::string &refusal) const;
  const Program *findProgram(const Device *device) const;

  std::vector<int64_t> rowCounts;
  TableSharing sharing;
  Placement placement;
  mutable bool isSettled = false; // under `changing`
  mutable Versions::Pin savePin, warmUpPin;
  mutable std::mutex saving, warmingUp; // whose the pins are
  mutable std::vector<TableStorage> storage;
  mutable std::vector<BoundTable> bound;
  mutable std::mutex changing; // held by who loads a program, commits or makes up rows; before `mutex`
  mutable std::mutex mutex;    // of what follows
  mutable std::map<const Device *, std::unique_ptr<Program>> programs;
  mutable Scrub scrub; // last, so that it ends first
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_LOADEDENGINE_H
