//===- GpuTargetTest.cpp - The table of GPU architectures and its limits ------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===--------------------------------------------------------------------------------===//

#include "lib/Target/GpuTarget.h"

#include <gtest/gtest.h>

using reckon::GpuLaunch;
using reckon::GpuTarget;

static const GpuTarget &get(const char *arch) { return *GpuTarget::find(arch); }

TEST(GpuTarget, Names) {
  EXPECT_STREQ(GpuTarget::getDefault().arch, "sm_90a");
  EXPECT_EQ(GpuTarget::find("sm_70"), nullptr);
  EXPECT_EQ(GpuTarget::find("sm_90x"), nullptr);
  EXPECT_EQ(GpuTarget::find(""), nullptr);
  EXPECT_EQ(get("sm_103a").major, 10u);
  EXPECT_EQ(get("sm_103a").minor, 3u);
  EXPECT_EQ(GpuTarget::unknown("h200").find("no GPU architecture 'h200'; there are sm_80, "), 0u);
}

TEST(GpuTarget, RowsAreConsistent) {
  for (const GpuTarget &gpu : GpuTarget::all()) {
    EXPECT_EQ(GpuTarget::find(gpu.arch), &gpu) << gpu.arch;
    EXPECT_EQ(std::string(gpu.arch).find("sm_" + std::to_string(gpu.major * 10 + gpu.minor)), 0u) << gpu.arch;
    EXPECT_LE(gpu.sharedPerBlock + GpuTarget::sharedReserved, gpu.sharedPerSm) << gpu.arch;
    EXPECT_EQ(gpu.blocksByShared(gpu.sharedPerBlock - GpuTarget::sharedReserved), 1u) << gpu.arch;
    EXPECT_TRUE(gpu.maxClusterBlocks >= 16 || gpu.largeClusters == 0) << gpu.arch;
    EXPECT_GE(gpu.threadsPerSm(), GpuTarget::maxBlockThreads) << gpu.arch;
    EXPECT_GE(gpu.maxBlocksPerSm, 16u) << gpu.arch;
    EXPECT_GT(gpu.multiprocessors, 0u) << gpu.arch;
    EXPECT_TRUE(gpu.costs) << gpu.arch;
  }
}

/// An architecture and those that only add instructions to it have the same limits, and the table is in order.
TEST(GpuTarget, VariantsShareLimits) {
  const GpuTarget *before = nullptr;
  for (const GpuTarget &gpu : GpuTarget::all()) {
    if (before) {
      auto capability = [](const GpuTarget &target) { return std::pair(target.major, target.minor); };
      EXPECT_LE(capability(*before), capability(gpu)) << gpu.arch;
      if (capability(*before) == capability(gpu)) {
        EXPECT_EQ(before->sharedPerBlock, gpu.sharedPerBlock) << gpu.arch;
        EXPECT_EQ(before->sharedPerSm, gpu.sharedPerSm) << gpu.arch;
        EXPECT_EQ(before->warpsPerSm, gpu.warpsPerSm) << gpu.arch;
        EXPECT_EQ(before->maxBlocksPerSm, gpu.maxBlocksPerSm) << gpu.arch;
        EXPECT_EQ(before->maxClusterBlocks, gpu.maxClusterBlocks) << gpu.arch;
      }
    }
    before = &gpu;
  }
}

TEST(GpuTarget, LaunchesStayWithinLimits) {
  GpuLaunch launch;
  launch.blockThreads = 128;
  EXPECT_EQ(get("sm_80").checkLaunch(launch), "");

  GpuLaunch threads = launch;
  threads.blockThreads = 1056;
  EXPECT_EQ(get("sm_80").checkLaunch(threads), "the number of threads of a block is 1056, sm_80 has 1024");
  threads.blockThreads = 0;
  EXPECT_NE(get("sm_80").checkLaunch(threads), "");

  GpuLaunch shared = launch;
  shared.sharedBytes = 140 * 1024;
  EXPECT_EQ(get("sm_80").checkLaunch(shared), "");
  EXPECT_EQ(get("sm_120").checkLaunch(shared), "the shared memory of a block, in bytes, is 143360, sm_120 has 101376");
  shared.sharedBytes = 60 * 1024;
  shared.blocksPerSm = 2;
  EXPECT_EQ(get("sm_80").checkLaunch(shared), "");
  EXPECT_EQ(get("sm_120").checkLaunch(shared),
            "the shared memory of a multiprocessor, in bytes, is 124928, sm_120 has 102400");

  GpuLaunch blocks = launch;
  blocks.blockThreads = 32;
  blocks.blocksPerSm = 17;
  EXPECT_EQ(get("sm_80").checkLaunch(blocks), "");
  EXPECT_EQ(get("sm_86").checkLaunch(blocks), "the number of blocks of a multiprocessor is 17, sm_86 has 16");

  GpuLaunch registers = launch;
  registers.registers = 255;
  registers.blocksPerSm = 2;
  EXPECT_EQ(get("sm_90").checkLaunch(registers), "");
  registers.registers = 256;
  EXPECT_EQ(get("sm_90").checkLaunch(registers), "the number of registers of a thread is 256, sm_90 has 255");
  // 36 * 32 are rounded up to 1280 for each of 4 * 13 warps.
  registers.registers = 36;
  registers.blocksPerSm = 13;
  EXPECT_EQ(get("sm_90").checkLaunch(registers),
            "the number of registers of a multiprocessor is 66560, sm_90 has 65536");
  registers.registers = 32;
  EXPECT_EQ(get("sm_90").checkLaunch(registers), "");

  GpuLaunch warps = launch;
  warps.blocksPerSm = 13;
  EXPECT_EQ(get("sm_80").checkLaunch(warps), "");
  EXPECT_EQ(get("sm_89").checkLaunch(warps), "the number of warps of a multiprocessor is 52, sm_89 has 48");

  GpuLaunch cluster = launch;
  cluster.clusterBlocks = 16;
  EXPECT_EQ(get("sm_90").checkLaunch(cluster), "");
  EXPECT_EQ(get("sm_120").checkLaunch(cluster), "the number of blocks of a cluster is 16, sm_120 has 8");
  EXPECT_EQ(get("sm_80").checkLaunch(cluster), "the number of blocks of a cluster is 16, sm_80 has 0");

  GpuLaunch maps = launch, early = launch;
  maps.usesTensorMaps = early.usesPdl = true;
  EXPECT_EQ(get("sm_90").checkLaunch(maps), "");
  EXPECT_EQ(get("sm_90").checkLaunch(early), "");
  EXPECT_EQ(get("sm_89").checkLaunch(maps), "it reads through tensor maps, which sm_89 does not have");
  EXPECT_EQ(get("sm_89").checkLaunch(early),
            "it starts before the kernels that it waits for have ended, which sm_89 does not have");
}
