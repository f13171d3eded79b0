//===- FuzzEngine.cpp - Damaged engines -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Half of the mutants get their checksums repaired, or the reader would never look past them.
//
//===----------------------------------------------------------------------------===//

#include "reckon/Engine/EngineFile.h"
#include "runtime/LoadedEngine.h"
#include "test/unit/engine/MutableEngine.h"
#include "test/unit/runtime/CudaSample.h"

#include <cstdlib>
#include <cstring>

using namespace reckon;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  static const std::vector<uint8_t> sample = *serializeEngine(test::mutableSpec());
  if (size < 64) {
    size = sample.size() < maxSize ? sample.size() : maxSize;
    std::memcpy(data, sample.data(), size);
  }
  if (seed % 2)
    return LLVMFuzzerMutate(data, size, maxSize);
  // Bytes of the description change in place, so that the extents in the header stay true.
  std::vector<uint8_t> bytes(data, data + size);
  uint64_t metadata = test::metadataSize(bytes);
  if (metadata == 0 || metadata > size - 64)
    return LLVMFuzzerMutate(data, size, maxSize);
  LLVMFuzzerMutate(bytes.data() + 64, metadata, metadata);
  test::repairChecksums(bytes);
  std::memcpy(data, bytes.data(), size);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  EngineError problem;
  auto file = EngineFile::fromMemory({data, size}, problem);
  if (!file) {
    if (problem.message.empty())
      std::abort();
    return 0;
  }
  // What was read can be written again, and bound as far as its code.
  if (!serializeEngine(file->spec()))
    std::abort();
  // Rows made up for a table take the memory that its dimension asks for, which is no mistake of the loader's.
  for (const TableSpec &table : file->spec().tables)
    if (table.dim > 1 << 20)
      return 0;
  runtime::LoadedEngine loaded;
  runtime::Error error;
  ReckonTableBinding synthetic = RECKON_TABLE_BINDING_INIT;
  synthetic.source = RECKON_TABLE_SYNTHETIC;
  synthetic.rows = 3;
  synthetic.seed = 1;
  if (!loaded.load(std::move(file), &synthetic, 1, error) && error.message.empty())
    std::abort();
  test::tryOnFakeGpu({data, data + size});
  return 0;
}
