//===- Energy.cpp - What a run costs in joules --------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Energy.h"
#include "HostTensor.h"
#include "reckon/Engine/DeviceKind.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <dirent.h>
#include <dlfcn.h>
#include <fstream>

using namespace reckon;
using namespace reckon::tools;

namespace {
/// Counters of microjoules, one a CPU package, which begin again at the end of their range.
class Rapl final : public EnergyMeter {
public:
  bool add(const std::string &folder) {
    Package package{folder + "/energy_uj", 0, 0, 0};
    std::ifstream(folder + "/max_energy_range_uj") >> package.range;
    if (!(std::ifstream(package.file) >> package.last))
      return false;
    packages.push_back(package);
    return true;
  }
  bool isEmpty() const { return packages.empty(); }
  bool read(double &joules) override {
    joules = 0;
    for (Package &package : packages) {
      double now;
      if (!(std::ifstream(package.file) >> now))
        return false;
      package.total += now - package.last + (now < package.last ? package.range : 0);
      package.last = now;
      joules += package.total * 1e-6;
    }
    return true;
  }
  std::string what() const override {
    return std::to_string(packages.size()) + (packages.size() == 1 ? " CPU package" : " CPU packages") + ", by RAPL";
  }

private:
  struct Package {
    std::string file;
    double last, total, range;
  };
  std::vector<Package> packages;
};

/// The few functions of NVML that it takes.
class Nvml final : public EnergyMeter {
public:
  ~Nvml() override {
    if (isRunning)
      shutdown();
    if (library)
      ::dlclose(library);
  }
  bool open(const char *path, unsigned ordinal, std::string &why) {
    library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      why = std::string(path) + " cannot be loaded";
      return false;
    }
    auto init = find<int (*)()>("nvmlInit_v2");
    auto getDevice = find<int (*)(unsigned, void **)>("nvmlDeviceGetHandleByIndex_v2");
    shutdown = find<int (*)()>("nvmlShutdown");
    getEnergy = find<int (*)(void *, unsigned long long *)>("nvmlDeviceGetTotalEnergyConsumption");
    if (!init || !getDevice || !shutdown || !getEnergy) {
      why = std::string(path) + " is too old to count energy";
      return false;
    }
    isRunning = init() == 0;
    double joules;
    if (!isRunning || getDevice(ordinal, &device) != 0 || !read(joules)) {
      why = "NVML does not count the energy of this GPU";
      return false;
    }
    return true;
  }
  bool read(double &joules) override {
    unsigned long long millijoules = 0;
    bool success = getEnergy(device, &millijoules) == 0;
    joules = static_cast<double>(millijoules) * 1e-3;
    return success;
  }
  std::string what() const override { return "the GPU's board, by NVML"; }

private:
  template <typename Function> Function find(const char *name) {
    return reinterpret_cast<Function>(::dlsym(library, name));
  }
  void *library = nullptr, *device = nullptr;
  bool isRunning = false;
  int (*shutdown)() = nullptr;
  int (*getEnergy)(void *, unsigned long long *) = nullptr;
};
} // namespace

std::unique_ptr<EnergyMeter> EnergyMeter::ofHost(std::string &why, const std::string &folder) {
  auto meter = std::make_unique<Rapl>();
  bool isThere = false;
  if (DIR *stream = ::opendir(folder.c_str())) {
    while (const dirent *entry = ::readdir(stream)) {
      std::string name = entry->d_name;
      // intel-rapl:0 is a package; intel-rapl:0:1 is a part of it.
      bool isPackage = name.compare(0, 11, "intel-rapl:") == 0 && name.find(':', 11) == std::string::npos;
      isThere |= isPackage;
      if (isPackage)
        meter->add(folder + "/" + name);
    }
    ::closedir(stream);
  }
  if (!meter->isEmpty())
    return meter;
  why = isThere ? "RAPL below " + folder + " may not be read by this user" : "there is no RAPL below " + folder;
  return nullptr;
}

std::unique_ptr<EnergyMeter> EnergyMeter::ofGpu(unsigned ordinal, std::string &why, const char *path) {
  auto meter = std::make_unique<Nvml>();
  if (!meter->open(path, ordinal, why))
    return nullptr;
  return meter;
}

void EnergyCommand::declare(ArgParser &args) {
  args.flag("energy", "measure joules a sample, too: CPU packages by RAPL, a GPU by NVML", isWanted);
}

int EnergyCommand::add(const std::string &device, const InputMaker &maker, const InputOptions &inputs,
                       runtime::Context &context, std::string &error) const {
  if (!isWanted)
    return ExitOk;
  // The counters move some times a second.
  constexpr double seconds = 2;
  using Clock = std::chrono::steady_clock;
  std::string why;
  size_t colon = device.find(':');
  int64_t number = 0;
  if (colon != std::string::npos)
    parseInteger(device.substr(colon + 1), number);
  auto ordinal = static_cast<unsigned>(number);
  std::unique_ptr<EnergyMeter> meter =
      parseDevice(device) == DeviceKind::Host ? EnergyMeter::ofHost(why) : EnergyMeter::ofGpu(ordinal, why);
  double before, after;
  if (!meter || !meter->read(before)) {
    std::printf("Energy: not measured, %s\n\n", why.empty() ? "the counter cannot be read" : why.c_str());
    return ExitOk;
  }
  std::vector<HostTensor> tensors;
  if (!maker.make(inputs, /*set=*/1, tensors, error))
    return ExitUsage;
  uint64_t runs = 0;
  Clock::time_point start = Clock::now();
  double elapsed = 0;
  while (elapsed < seconds) {
    runtime::Status failed;
    for (size_t i = 0; i < tensors.size() && !failed; ++i)
      failed = context.setInput(i, tensors[i].type, tensors[i].shape, tensors[i].data.data());
    if (!failed)
      failed = context.run();
    if (failed) {
      error = failed.message;
      return failed.code;
    }
    ++runs;
    elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  if (!meter->read(after))
    after = before;
  double samples = static_cast<double>(runs) * static_cast<double>(std::max<int64_t>(inputs.batch, 1));
  std::printf("Energy (%s): %.4g J a sample, %.4g W over %.2f s\n\n", meter->what().c_str(), (after - before) / samples,
              (after - before) / elapsed, elapsed);
  return ExitOk;
}
