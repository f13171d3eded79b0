//===- EnergyTest.cpp - Counters of energy -----------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/Energy.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

using namespace reckon::tools;

namespace {
/// A folder as the kernel makes it.
class Energy : public testing::Test {
protected:
  Energy() {
    char pattern[] = "/tmp/reckon-energy-XXXXXX";
    folder = ::mkdtemp(pattern);
  }
  ~Energy() override { static_cast<void>(std::system(("rm -rf " + folder).c_str())); }
  void set(const std::string &domain, const std::string &file, const std::string &value) const {
    ::mkdir((folder + "/" + domain).c_str(), 0777);
    std::ofstream(folder + "/" + domain + "/" + file) << value << "\n";
  }
  std::string folder, why;
};

TEST_F(Energy, PackagesAreAddedAndTheirPartsAreNot) {
  for (const char *domain : {"intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"}) {
    set(domain, "energy_uj", "1000000");
    set(domain, "max_energy_range_uj", "9000000");
  }
  std::unique_ptr<EnergyMeter> meter = EnergyMeter::ofHost(why, folder);
  ASSERT_TRUE(meter) << why;
  EXPECT_EQ(meter->what(), "2 CPU packages, by RAPL");
  double before, after;
  ASSERT_TRUE(meter->read(before));
  set("intel-rapl:0", "energy_uj", "4000000");
  set("intel-rapl:1", "energy_uj", "500000"); // past the end of its range
  ASSERT_TRUE(meter->read(after));
  EXPECT_DOUBLE_EQ(after - before, 3 + 8.5);
}

TEST_F(Energy, WhatIsMissingIsSaid) {
  EXPECT_FALSE(EnergyMeter::ofHost(why, folder));
  EXPECT_EQ(why, "there is no RAPL below " + folder);
  ::mkdir((folder + "/intel-rapl:0").c_str(), 0777);
  EXPECT_FALSE(EnergyMeter::ofHost(why, folder));
  EXPECT_EQ(why, "RAPL below " + folder + " may not be read by this user");
  EXPECT_FALSE(EnergyMeter::ofGpu(0, why, "/nowhere/libnvidia-ml.so.1"));
  EXPECT_EQ(why, "/nowhere/libnvidia-ml.so.1 cannot be loaded");
}
} // namespace
