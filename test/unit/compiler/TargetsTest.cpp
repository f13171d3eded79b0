//===- TargetsTest.cpp - What --target says -------------------------------------------===//
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
  std::string error;
  auto devices = [&](const char *text) {
    auto targets = Targets::parse(text, &error);
    Names names;
    for (DeviceKind device : targets ? targets->devices() : std::vector<DeviceKind>())
      names.push_back(deviceName(device));
    return targets ? names : Names{error};
  };
  auto archs = [&](const char *text) {
    auto targets = Targets::parse(text, &error);
    return targets ? targets->archs : Names{error};
  };
  EXPECT_EQ(devices("host"), Names{"host"});
  EXPECT_EQ(devices("cuda"), Names{"cuda"});
  EXPECT_EQ(devices("cuda,host"), (Names{"host", "cuda"}));
  EXPECT_EQ(devices("host,cuda:sm_80,sm_90"), (Names{"host", "cuda"}));
  EXPECT_EQ(archs("cuda"), Names{"sm_90a"});
  EXPECT_EQ(archs("host,cuda:sm_80,sm_90"), (Names{"sm_80", "sm_90"}));
  EXPECT_EQ(archs("cuda:sm_80,host"), Names{"sm_80"});
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
  auto refused = [](const char *text) {
    std::string error;
    EXPECT_FALSE(Targets::parse(text, &error)) << text;
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
  EXPECT_EQ(refused("cuda:"), GpuTarget::unknown(""));
}
