//===- GpuTarget.cpp - The one table of GPU architectures -------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===------------------------------------------------------------------------------===//

#include "lib/Target/GpuTarget.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

using namespace reckon;

static constexpr unsigned KiB = 1024;

/// Fitted to what reckon-tune measured for the layers of the networks in bench/models at 1 to 65536 rows.
// clang-format off
static constexpr GpuCosts h200 = {
    "H200", /*cachedBytes=*/16e6, /*storedBytes=*/2.3e6,
    // start, row, bytes, minBlock
    /*split=*/{1.58, 0.013, 77.4e3, 0.05},
    // start, inner, flops, minBlock
    /*direct=*/{2.2, 1 / 200.0, 1.5e6, 0.2},
    // start, step, copied bytes, finished bytes, flops, ping-pong step and finish, overhang, cluster start and wave
    /*wgmma=*/{1.6, 0.17, 141e3, 53e3, {5.34e6, 5.235e6, 5.65e6}, 0.12, 0.137, 1.3, 3.3, 4.2},
    // start, inner, innerRow, bytes
    /*dot=*/{1.8, 0.0005, 0.0003, 150e3},
    // start, inner64, inner128
    /*scalar=*/{2, 0.034, 0.11},
    // start, layer, row, rowInner, bytes, apart
    /*chain=*/{2.0, 0.8, 0.08, 0.05, 1.1e6, 0.8},
    // start, tile, layer, thin flops, flops, overlap
    /*stack=*/{2.5, 0.7, 0.3, 2.5e6, 4.8e6, 1.2},
};
// clang-format on

/// Kernels rely on asynchronous copies, bf16 and minima that keep NaN, so the table begins with sm_80. Shared memory,
/// warps, blocks and clusters are those of the table of compute capabilities in the CUDA programming guide. An `a`
/// behind the number adds instructions that no other architecture has, an `f` those of its family. The multiprocessors
/// of sm_101 have been called sm_110 since CUDA 13. Only the H200 was measured, so its costs choose everywhere, and the
/// number of large clusters is its own on all GPUs of a similar size.
// clang-format off
static constexpr GpuTarget targets[] = {
    // arch, capability, PTX, multiprocessors, shared memory of a block and of a multiprocessor, warps, blocks,
    // cluster, large clusters, wgmma, bulk copies, grid dependencies, costs
    {"sm_80",   8, 0, "+ptx83", 108, 163 * KiB, 164 * KiB, 64, 32,  0, 0, false, false, false, &h200},
    {"sm_86",   8, 6, "+ptx83",  84,  99 * KiB, 100 * KiB, 48, 16,  0, 0, false, false, false, &h200},
    {"sm_87",   8, 7, "+ptx83",  16, 163 * KiB, 164 * KiB, 48, 16,  0, 0, false, false, false, &h200},
    {"sm_88",   8, 8, "+ptx90",  12,  99 * KiB, 100 * KiB, 48, 16,  0, 0, false, false, false, &h200},
    {"sm_89",   8, 9, "+ptx83", 142,  99 * KiB, 100 * KiB, 48, 24,  0, 0, false, false, false, &h200},
    {"sm_90",   9, 0, "+ptx83", 132, 227 * KiB, 228 * KiB, 64, 32, 16, 7, false, true,  true,  &h200},
    {"sm_90a",  9, 0, "+ptx83", 132, 227 * KiB, 228 * KiB, 64, 32, 16, 7, true,  true,  true,  &h200},
    {"sm_100", 10, 0, "+ptx88", 148, 227 * KiB, 228 * KiB, 64, 32, 16, 7, false, true,  true,  &h200},
    {"sm_100f",10, 0, "+ptx88", 148, 227 * KiB, 228 * KiB, 64, 32, 16, 7, false, true,  true,  &h200},
    {"sm_100a",10, 0, "+ptx88", 148, 227 * KiB, 228 * KiB, 64, 32, 16, 7, false, true,  true,  &h200},
    {"sm_101", 10, 1, "+ptx88",  20, 227 * KiB, 228 * KiB, 48, 24, 16, 1, false, true,  true,  &h200},
    {"sm_101f",10, 1, "+ptx88",  20, 227 * KiB, 228 * KiB, 48, 24, 16, 1, false, true,  true,  &h200},
    {"sm_101a",10, 1, "+ptx88",  20, 227 * KiB, 228 * KiB, 48, 24, 16, 1, false, true,  true,  &h200},
    {"sm_103", 10, 3, "+ptx88", 148, 227 * KiB, 228 * KiB, 64, 32, 16, 7, false, true,  true,  &h200},
    {"sm_103f",10, 3, "+ptx88", 148, 227 * KiB, 228 * KiB, 64, 32, 16, 7, false, true,  true,  &h200},
    {"sm_103a",10, 3, "+ptx88", 148, 227 * KiB, 228 * KiB, 64, 32, 16, 7, false, true,  true,  &h200},
    {"sm_110", 11, 0, "+ptx90",  20, 227 * KiB, 228 * KiB, 48, 24, 16, 1, false, true,  true,  &h200},
    {"sm_110f",11, 0, "+ptx90",  20, 227 * KiB, 228 * KiB, 48, 24, 16, 1, false, true,  true,  &h200},
    {"sm_110a",11, 0, "+ptx90",  20, 227 * KiB, 228 * KiB, 48, 24, 16, 1, false, true,  true,  &h200},
    {"sm_120", 12, 0, "+ptx88", 188,  99 * KiB, 100 * KiB, 48, 24,  8, 0, false, true,  true,  &h200},
    {"sm_120f",12, 0, "+ptx88", 188,  99 * KiB, 100 * KiB, 48, 24,  8, 0, false, true,  true,  &h200},
    {"sm_120a",12, 0, "+ptx88", 188,  99 * KiB, 100 * KiB, 48, 24,  8, 0, false, true,  true,  &h200},
    {"sm_121", 12, 1, "+ptx88",  48,  99 * KiB, 100 * KiB, 48, 24,  8, 0, false, true,  true,  &h200},
    {"sm_121f",12, 1, "+ptx88",  48,  99 * KiB, 100 * KiB, 48, 24,  8, 0, false, true,  true,  &h200},
    {"sm_121a",12, 1, "+ptx88",  48,  99 * KiB, 100 * KiB, 48, 24,  8, 0, false, true,  true,  &h200},
};
// clang-format on

llvm::ArrayRef<GpuTarget> GpuTarget::all() { return targets; }

const GpuTarget *GpuTarget::find(llvm::StringRef arch) {
  const GpuTarget *found = llvm::find_if(targets, [&](const GpuTarget &target) { return arch == target.arch; });
  return found == std::end(targets) ? nullptr : found;
}

const GpuTarget &GpuTarget::getDefault() {
  static const GpuTarget &target = *llvm::find_if(targets, [](const GpuTarget &target) { return target.hasWgmma; });
  return target;
}

std::string GpuTarget::unknown(llvm::StringRef arch) {
  auto name = [](const GpuTarget &target) { return std::string(target.arch); };
  return ("no GPU architecture '" + arch + "'; there are " + llvm::join(llvm::map_range(targets, name), ", ")).str();
}

std::string GpuTarget::checkLaunch(const GpuLaunch &launch) const {
  auto exceeds = [&](const llvm::Twine &what, uint64_t has, uint64_t limit) {
    return (what + " is " + llvm::Twine(has) + ", " + arch + " has " + llvm::Twine(limit)).str();
  };
  if (launch.blockThreads == 0 || launch.blockThreads > maxBlockThreads)
    return exceeds("the number of threads of a block", launch.blockThreads, maxBlockThreads);
  if (launch.sharedBytes > sharedPerBlock)
    return exceeds("the shared memory of a block, in bytes,", launch.sharedBytes, sharedPerBlock);
  if (launch.clusterBlocks > maxClusterBlocks)
    return exceeds("the number of blocks of a cluster", launch.clusterBlocks, maxClusterBlocks);
  uint64_t warps = llvm::divideCeil(launch.blockThreads, warpSize);
  if (launch.blocksPerSm > maxBlocksPerSm)
    return exceeds("the number of blocks of a multiprocessor", launch.blocksPerSm, maxBlocksPerSm);
  if (launch.blocksPerSm * warps > warpsPerSm)
    return exceeds("the number of warps of a multiprocessor", launch.blocksPerSm * warps, warpsPerSm);
  if (uint64_t shared = launch.blocksPerSm * (launch.sharedBytes + sharedReserved); shared > sharedPerSm)
    return exceeds("the shared memory of a multiprocessor, in bytes,", shared, sharedPerSm);
  if (launch.registers > maxRegisters)
    return exceeds("the number of registers of a thread", launch.registers, maxRegisters);
  uint64_t blockRegisters = warps * llvm::alignTo(uint64_t(launch.registers) * warpSize, registerUnit);
  if (uint64_t registers = std::max(1u, launch.blocksPerSm) * blockRegisters; registers > registersPerSm)
    return exceeds("the number of registers of a multiprocessor", registers, registersPerSm);
  if (launch.usesTensorMaps && !hasBulkCopies)
    return std::string("it reads through tensor maps, which ") + arch + " does not have";
  if (launch.usesPdl && !hasGridDependencies)
    return std::string("it starts before the kernels that it waits for have ended, which ") + arch + " does not have";
  return "";
}
