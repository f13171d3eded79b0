//===- HostBlocks.cpp - Host memory that devices copy from ----------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "HostBlocks.h"
#include "Device.h"

#include <map>
#include <mutex>

using namespace reckon::runtime;

namespace {
struct Known {
  std::mutex mutex;
  std::map<void *, std::unique_ptr<HostBlock>> allocated, registered;
};
} // namespace

/// Never destroyed: blocks may be given back while the process ends.
static Known &known() {
  static Known &instance = *new Known;
  return instance;
}

bool reckon::runtime::allocateHostBlock(const std::string &name, size_t bytes, void *&data, Error &error) {
  const Device *device = findDevice(name, error);
  std::unique_ptr<HostBlock> block = device ? device->allocateHost(bytes, error) : nullptr;
  if (!block)
    return false;
  data = block->data();
  std::lock_guard<std::mutex> lock(known().mutex);
  known().allocated[data] = std::move(block);
  return true;
}

bool reckon::runtime::registerHostBlock(const std::string &name, void *data, size_t bytes, Error &error) {
  const Device *device = findDevice(name, error);
  std::unique_ptr<HostBlock> block = device ? device->registerHost(data, bytes, error) : nullptr;
  if (!block)
    return false;
  std::lock_guard<std::mutex> lock(known().mutex);
  if (!known().registered.emplace(data, std::move(block)).second)
    return error.set(RECKON_INVALID, "this memory is registered already");
  return true;
}

static bool giveBack(std::map<void *, std::unique_ptr<HostBlock>> &blocks, void *data, const char *complaint,
                     Error &error) {
  std::unique_ptr<HostBlock> block;
  {
    std::lock_guard<std::mutex> lock(known().mutex);
    auto found = blocks.find(data);
    if (found == blocks.end())
      return error.set(RECKON_INVALID, complaint);
    block = std::move(found->second);
    blocks.erase(found);
  }
  // The driver may wait for the device here: not under the lock.
  return true;
}

bool reckon::runtime::freeHostBlock(void *data, Error &error) {
  return giveBack(known().allocated, data, "this memory does not come from reckon_host_alloc()", error);
}

bool reckon::runtime::unregisterHostBlock(void *data, Error &error) {
  return giveBack(known().registered, data, "this memory has not been registered", error);
}
