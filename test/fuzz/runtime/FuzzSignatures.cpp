//===- FuzzSignatures.cpp - Damaged signatures ------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// The bytes are an engine's signature, behind an engine whose header fits them: its checksum is repaired for every
// other mutant. The first byte says what to do: open with and without a key, or take them as a signed log. Whatever
// they are, only what the key has signed is opened with it.
//
//===----------------------------------------------------------------------------===//

#include "lib/Engine/EngineSignature.h"
#include "runtime/UpdateLog.h"
#include "test/unit/runtime/SampleEngine.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::runtime;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {
using Bytes = std::vector<uint8_t>;

void require(bool condition) {
  if (!condition)
    std::abort();
}

/// A file in memory, by path.
class MemoryFile {
public:
  explicit MemoryFile(const Bytes &bytes) : file(memfd_create("fuzz", MFD_CLOEXEC)) {
    require(::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { ::close(file); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(file); }
  Bytes read() const {
    Bytes bytes(static_cast<size_t>(::lseek(file, 0, SEEK_END)));
    require(::pread(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    return bytes;
  }

private:
  int file;
};

struct Sample {
  PublicKey key;
  Bytes plain, block, log; // the engine, its signature, a signed log of it
  std::shared_ptr<LoadedEngine> engine;

  Sample() {
    EngineError problem;
    Error error;
    SecretKey secret;
    const Sodium *sodium = Sodium::get(problem);
    require(sodium && sodium->makeKeys(key, secret));
    plain = test::sampleEngine();
    std::string output = "/tmp/reckon-fuzz-signatures-" + std::to_string(getpid());
    require(signEngine(MemoryFile(plain).path(), output, secret, problem));
    auto file = EngineFile::open(output, problem, EngineFile::Check::All, &key);
    require(file != nullptr);
    block.assign(file->data().data + plain.size(), file->data().data + file->data().size);
    engine = std::make_shared<LoadedEngine>();
    require(engine->load(std::move(file), nullptr, 0, error));
    ::unlink(output.c_str());
    MemoryFile signedLog({});
    UpdateLogFile writer(engine);
    Changes changes(engine->spec(), engine->tableRows());
    int64_t id = 3;
    require(writer.open(signedLog.path(), true, error, &secret) && changes.addDeletion("emb.weight", &id, 1, error) &&
            writer.append(changes, false, error) && writer.append(changes, false, error));
    log = signedLog.read();
  }
};

const Sample &sample() {
  static const Sample instance;
  return instance;
}
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  const Bytes &seedBytes = seed % 3 ? sample().block : sample().log;
  if (seed % 32 < 2 && seedBytes.size() < maxSize) {
    data[0] = static_cast<uint8_t>(seed % 3 ? seed / 32 * 2 : seed / 32 * 2 + 1);
    std::memcpy(data + 1, seedBytes.data(), seedBytes.size());
    size = 1 + seedBytes.size();
  }
  size = LLVMFuzzerMutate(data, size, maxSize);
  constexpr size_t trailerBytes = sizeof(signature::Trailer), sumBytes = sizeof(uint64_t);
  if (seed % 2 == 0 && size > 1 + trailerBytes) {
    uint64_t sum = format::checksum(data + 1, size - 1 - sumBytes);
    std::memcpy(data + size - sumBytes, &sum, sumBytes);
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const Sample &known = sample();
  if (size == 0)
    return 0;
  Bytes rest(data + 1, data + size);
  if (data[0] % 2) {
    MemoryFile file(rest);
    UpdateLogFile log(known.engine);
    Error error;
    uint64_t appended;
    UpdateLogFile copy(known.engine);
    MemoryFile empty({});
    require(copy.open(empty.path(), true, error) && log.open(file.path(), false, error));
    require(copy.appendFrom(log, appended, error) || !error.message.empty());
    // No frame but those of the sample has a signature.
    size_t frame = known.log.size() / 2;
    require(appended <= 2 && rest.size() >= appended * frame &&
            std::equal(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(appended * frame), known.log.begin()));
    return 0;
  }
  Bytes bytes = known.plain;
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  format::Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  header.fileSize = bytes.size();
  header.headerChecksum = format::checksum(&header, offsetof(format::Header, headerChecksum));
  std::memcpy(bytes.data(), &header, sizeof(header));
  EngineError problem;
  bool opened = EngineFile::fromMemory({bytes.data(), bytes.size()}, problem) != nullptr;
  require(opened || !problem.message.empty());
  problem = {};
  bool verified = EngineFile::fromMemory({bytes.data(), bytes.size()}, problem, EngineFile::Check::AllButRows,
                                         &known.key) != nullptr;
  require(verified == (rest == known.block) && (verified || !problem.message.empty()) && (opened || !verified));
  return 0;
}
