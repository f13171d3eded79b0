//===- Versions.h - Versions of an engine's rows and weights ---------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Two sides, of which runs read one: even versions lie on the first, odd ones on the second. A commit waits until no
// run reads the other side, brings that up to date, and makes it the one that runs read from then on. So a run sees one
// version whole and never waits, and a commit writes its rows twice, now and with the next one. Devices with rows and
// weights of their own have two sides of them, too, and a version is one everywhere.
//
// A side of a table is a private mapping of the file that the rows lie in: the system copies the pages that are
// written, and both sides and other processes share all others. docs/updates.md says what else was tried. Rows that
// were to lie otherwise (Placement.h) are in memory twice once a version has changed them.
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_RUNTIME_VERSIONS_H
#define RECKON_RUNTIME_VERSIONS_H

#include "AlignedBuffer.h"
#include "Changes.h"
#include "Device.h"
#include "Snapshot.h"
#include "reckon/Engine/EngineFile.h"

#include <atomic>
#include <memory>
#include <mutex>

namespace reckon::runtime {

/// Where the rows of a table are: in memory and, when the path is not empty, in a file.
struct RowSource {
  const uint8_t *data = nullptr;
  uint64_t bytes = 0;
  FilePlace file;
  bool isOwn = false; // in memory of the process that lies as it was asked for
};

class Versions {
public:
  /// Of one context, which one run at a time uses.
  struct alignas(64) Pin {
    std::atomic<uint64_t> version{UINT64_MAX}; // that a run reads
    std::atomic<uint64_t> retries{0};
  };

  explicit Versions(const EngineSpec &spec, Placement placement = {});
  ~Versions();
  Versions(const Versions &) = delete;
  Versions &operator=(const Versions &) = delete;

  /// Before anything is pinned or committed.
  void setRows(size_t table, const RowSource &source);

  void add(const Pin &pin);
  void remove(const Pin &pin);
  /// The newest version, which stays as it is until unpin().
  const Snapshot &pin(Pin &pin) const {
    uint64_t now = current.load(std::memory_order_acquire);
    for (;;) {
      // One of the two sees the other: the run the new version, or who commits that the run reads the old one.
      pin.version.store(now, std::memory_order_seq_cst);
      uint64_t again = current.load(std::memory_order_seq_cst);
      if (again == now)
        return sides[now % 2].snapshot;
      now = again;
      pin.retries.store(pin.retries.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
  }
  void unpin(Pin &pin) const { pin.version.store(UINT64_MAX, std::memory_order_release); }

  /// Makes the changes the next version, here and for the programs; its number. `only`, unless it is 0, is the number
  /// that it must get. When it fails nothing has changed.
  [[nodiscard]] bool commit(const Changes &changes, uint64_t only, const std::vector<const Program *> &programs,
                            uint64_t &version, Error &error);
  /// The newest version, for who keeps commits away.
  const Snapshot &newest() const { return sides[version() % 2].snapshot; }
  uint64_t version() const { return current.load(std::memory_order_acquire); }

  struct Counts {
    uint64_t commits = 0, rows = 0, waitNanoseconds = 0, retries = 0;
  };
  Counts counts() const;

private:
  /// A side of one table: private pages of a file, or memory as it was asked for.
  struct Mapping {
    uint8_t *address = nullptr; // of the pages
    uint64_t bytes = 0;
    uint8_t *rows = nullptr;
    AlignedBuffer own;
  };
  struct Side {
    Snapshot snapshot;
    std::vector<Mapping> tables;
    AlignedBuffer weights;
  };
  [[nodiscard]] bool reserve(Side &side, const std::vector<Change> &changes, Error &error);
  [[nodiscard]] bool mapTable(Side &side, size_t table, Error &error);
  [[nodiscard]] bool copyTable(Side &side, size_t table, Error &error);
  [[nodiscard]] bool copyWeights(Side &side, Error &error);
  void apply(Side &side, const std::vector<Change> &changes);
  void copyPlaces(Side &side, const Side &from, const std::vector<Change> &changes);
  [[nodiscard]] bool writePrograms(const std::vector<const Program *> &programs, VersionStep step, Error &error);
  void waitForRuns(uint64_t version);

  const EngineSpec &spec;
  const Placement placement;
  std::vector<RowSource> sources;
  std::vector<int> memoryFiles; // made for rows that lie in no file; -1
  Side sides[2];
  alignas(64) std::atomic<uint64_t> current{0};
  alignas(64) std::mutex commits; // one at a time
  std::unique_ptr<Changes> last;  // what the side that runs read has and the other one has not
  uint64_t places = 0;
  mutable std::mutex mutex; // of what follows
  std::vector<const Pin *> pins;
  Counts total;
};

/// A version for as long as this lives.
class PinScope {
public:
  PinScope(const Versions &versions, Versions::Pin &pin) : snapshot(versions.pin(pin)), versions(versions), own(pin) {}
  ~PinScope() { versions.unpin(own); }
  PinScope(const PinScope &) = delete;
  PinScope &operator=(const PinScope &) = delete;

  const Snapshot &snapshot;

private:
  const Versions &versions;
  Versions::Pin &own;
};

} // namespace reckon::runtime

#endif // RECKON_RUNTIME_VERSIONS_H
