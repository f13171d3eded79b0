//===- Placement.cpp - How rows lie in the host's memory ------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "Placement.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <linux/mempolicy.h>
#include <sstream>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace reckon::runtime;

std::string Placement::str() const {
  return std::string(hugePages ? "on huge pages" : "") + (hugePages && interleaved ? ", " : "") +
         (interleaved ? "interleaved over NUMA nodes" : "");
}

static bool refuse(const std::string &what, Error &error) { return error.set(RECKON_UNAVAILABLE, what); }

//===-- Huge pages ------------------------------------------------------------===//

static bool checkHugePages(Error &error) {
  static constexpr const char *path = "/sys/kernel/mm/transparent_hugepage/enabled";
  std::ifstream file(path);
  std::string modes;
  if (!std::getline(file, modes))
    return refuse("huge pages: the system has none, there is no " + std::string(path), error);
  if (modes.find("[never]") != std::string::npos)
    return refuse("huge pages: the system does not give any, " + std::string(path) + " says 'never'", error);
  if (::prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1)
    return refuse("huge pages: they are turned off for this process (PR_SET_THP_DISABLE)", error);
  return true;
}

uint64_t reckon::runtime::countHugeBytes(const std::vector<std::pair<const void *, uint64_t>> &pieces) {
  std::ifstream maps("/proc/self/smaps");
  uint64_t huge = 0, all = 0;
  for (const auto &piece : pieces)
    all += piece.second;
  bool isOurs = false;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::string first;
    uint64_t begin = 0, end = 0, kilobytes = 0;
    char dash = 0;
    // A mapping begins with its addresses, and what is said of it with a name and a colon.
    if (line.find(": ") > line.find(' ')) {
      fields >> std::hex >> begin >> dash >> end;
      isOurs = std::any_of(pieces.begin(), pieces.end(), [&](const auto &piece) {
        auto address = reinterpret_cast<uint64_t>(piece.first);
        return address < end && begin < address + piece.second;
      });
    } else if (isOurs && fields >> first >> kilobytes && first == "AnonHugePages:") {
      huge += kilobytes << 10;
    }
  }
  return std::min(huge, all);
}

//===-- NUMA ------------------------------------------------------------------===//

namespace {
/// A bit a node, for more than any system has.
struct Nodes {
  static constexpr unsigned long count = 1024;
  unsigned long bits[count / (8 * sizeof(unsigned long))] = {};
};
} // namespace

bool reckon::runtime::interleave(void *pages, size_t bytes, Error &error) {
  // The calls themselves: libnuma is not everywhere. The system reads one bit less than it is told.
  Nodes nodes;
  if (::syscall(SYS_get_mempolicy, nullptr, nodes.bits, Nodes::count, nullptr, MPOL_F_MEMS_ALLOWED) != 0 ||
      ::syscall(SYS_mbind, pages, bytes, MPOL_INTERLEAVE, nodes.bits, Nodes::count + 1, 0) != 0)
    return refuse(std::string("NUMA interleaving: the system refuses it: ") + std::strerror(errno), error);
  return true;
}

static bool checkInterleaving(Error &error) {
  auto bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  void *page = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return refuse(std::string("NUMA interleaving: there is no mapping: ") + std::strerror(errno), error);
  bool granted = interleave(page, bytes, error);
  ::munmap(page, bytes);
  return granted;
}

bool reckon::runtime::checkPlacement(const Placement &placement, Error &error) {
  return (!placement.hugePages || checkHugePages(error)) && (!placement.interleaved || checkInterleaving(error));
}
