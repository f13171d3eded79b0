//===- FuzzUpdates.cpp - Damaged update logs -------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The bytes are taken as a log, and as what stands behind a frame's checksums.
//
//===----------------------------------------------------------------------------===//

#include "runtime/UpdateLog.h"
#include "test/unit/runtime/SampleEngine.h"

#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::runtime;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {
std::shared_ptr<LoadedEngine> openSample() {
  static const std::vector<uint8_t> bytes = test::sampleEngine();
  EngineError problem;
  Error error;
  auto loaded = std::make_shared<LoadedEngine>();
  if (!loaded->load(EngineFile::fromMemory({bytes.data(), bytes.size()}, problem), nullptr, 0, error))
    std::abort();
  return loaded;
}

/// A log of two frames, and the changes of one.
const std::vector<uint8_t> &sampleChanges() {
  static const std::vector<uint8_t> changes = [] {
    auto engine = openSample();
    Changes made(engine->spec(), engine->tableRows());
    Error error;
    std::vector<float> rows(test::tableRows * test::width);
    int64_t ids[] = {1, 7};
    if (!made.addRows("emb.weight", ids, 2, rows.data(), error) || !made.addDeletion("emb.weight", ids, 2, error) ||
        !made.addWeight("w", test::width * test::hidden * sizeof(float), rows.data(), error))
      std::abort();
    return made.bytes();
  }();
  return changes;
}
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  const std::vector<uint8_t> &sample = sampleChanges();
  if (seed % 64 == 0 && sample.size() <= maxSize) {
    std::memcpy(data, sample.data(), sample.size());
    size = sample.size();
  }
  return LLVMFuzzerMutate(data, size, maxSize);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const std::shared_ptr<LoadedEngine> engine = openSample();
  Error error;
  Changes changes(engine->spec(), engine->tableRows());
  uint64_t version;
  if (changes.assign(data, size, error) ? !engine->commit(changes, 0, version, error) : error.message.empty())
    std::abort();
  // As a log, with a frame that is right before it every other time.
  int file = memfd_create("log", MFD_CLOEXEC);
  std::string path = "/proc/self/fd/" + std::to_string(file);
  std::shared_ptr<LoadedEngine> fresh = openSample();
  if (size % 2 == 0) {
    UpdateLogFile writer(fresh);
    Changes made(fresh->spec(), fresh->tableRows());
    if (!made.assign(sampleChanges().data(), sampleChanges().size(), error) || !writer.open(path, true, error) ||
        !writer.append(made, false, error))
      std::abort();
  }
  if (::lseek(file, 0, SEEK_END) < 0 || ::write(file, data, size) != static_cast<ssize_t>(size))
    std::abort();
  UpdateLogFile log(fresh);
  uint64_t applied;
  if (!log.open(path, false, error) || (!log.apply(0, applied, error) && error.message.empty()) ||
      applied < (size % 2 == 0 ? 1 : 0))
    std::abort();
  ::close(file);
  return 0;
}
