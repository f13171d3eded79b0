//===- TargetsTest.cpp - What --target and --arch say -------------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-----------------------------------------------------------------------------------===//

#include "lib/Compiler/Targets.h"
#include "lib/Compiler/Backends.h"
#include "lib/Target/GpuTarget.h"

#include <gtest/gtest.h>

using namespace reckon;
using Names = std::vector<std::string>;

TEST(Targets, NameDevicesAndArchitectures) {
  auto programs = [](const char *text, const std::vector<std::string> &archs = {}) {
    std::string error;
    auto targets = Targets::parse(text, archs, &error);
    if (!targets)
      return Names{error};
    Names names;
    for (const ProgramTarget &target : targets->programs())
      names.push_back(target.name());
    return names;
  };
  EXPECT_EQ(programs("host"), Names{"host"});
  EXPECT_EQ(programs("cuda"), Names{"cuda-sm_90a"});
  EXPECT_EQ(programs("cuda,host"), (Names{"host", "cuda-sm_90a"}));
  EXPECT_EQ(programs("host,cuda:sm_80,sm_90"), (Names{"host", "cuda-sm_80", "cuda-sm_90"}));
  EXPECT_EQ(programs("cuda:sm_80,host"), (Names{"host", "cuda-sm_80"}));
  EXPECT_EQ(programs("cuda", {"sm_90a,sm_80"}), (Names{"cuda-sm_90a", "cuda-sm_80"}));
  EXPECT_EQ(programs("host,cuda", {"sm_80", "sm_90a,sm_100a"}),
            (Names{"host", "cuda-sm_80", "cuda-sm_90a", "cuda-sm_100a"}));
}

TEST(Targets, EveryDeviceHasABackend) {
  for (DeviceKind device : allDeviceKinds) {
    const Backend &backend = getBackend(device);
    EXPECT_EQ(backend.device, device);
    EXPECT_TRUE(backend.buildFuse && backend.buildSchedule && backend.buildCodegen && backend.emit);
  }
  EXPECT_EQ(getBackends().size(), std::size(allDeviceKinds));
}

TEST(Targets, RefuseWhatMakesNoSense) {
  auto refused = [](const char *text, const std::vector<std::string> &archs = {}) {
    std::string error;
    EXPECT_FALSE(Targets::parse(text, archs, &error)) << text;
    return error;
  };
  EXPECT_EQ(refused("tpu"), "no target 'tpu'; there are host, cuda and cuda:ARCH,...");
  EXPECT_EQ(refused(""), "no target ''; there are host, cuda and cuda:ARCH,...");
  EXPECT_EQ(refused("host,sm_80"), "no target 'sm_80'; there are host, cuda and cuda:ARCH,...");
  EXPECT_EQ(refused("host,host"), "the target host is named twice");
  EXPECT_EQ(refused("cuda,cuda"), "the target cuda is named twice: name its architectures once, cuda:sm_80,sm_90");
  EXPECT_EQ(refused("cuda:sm_80,sm_80"), "the architecture sm_80 is named twice");
  EXPECT_EQ(refused("cuda:sm_70"), GpuTarget::unknown("sm_70"));
  EXPECT_EQ(refused("host:sm_80"), "no target 'host:sm_80'; there are host, cuda and cuda:ARCH,...");
  EXPECT_EQ(refused("host", {"sm_80"}), "--arch names architectures of GPUs: add --target=cuda");
  EXPECT_EQ(refused("cuda:sm_80", {"sm_90"}), "architectures are named by --target or by --arch, not by both");
  EXPECT_EQ(refused("cuda", {"sm_80", "sm_90,sm_80"}), "the architecture sm_80 is named twice");
  EXPECT_EQ(refused("cuda", {"sm_70"}), GpuTarget::unknown("sm_70"));
  EXPECT_EQ(refused("cuda", {""}), GpuTarget::unknown(""));
  EXPECT_EQ(refused("cuda:"), GpuTarget::unknown(""));
}
