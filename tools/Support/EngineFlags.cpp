//===- EngineFlags.cpp - The options about opening an engine --------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "EngineFlags.h"
#include "Arrays.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

using namespace reckon;
using namespace reckon::tools;

void EngineFlags::declare(ArgParser &args) {
  args.option("public-key", "FILE", "refuse what the key's owner did not sign (reckon-sign)", path);
}

void EngineFlags::declareTables(ArgParser &args) {
  args.option("device-tables", "own|shared|shared-or-own",
              "on a GPU have the tables in own memory, or once for all processes that share them", deviceTablesText);
  args.flag("huge-pages", "on the host copy tables to huge pages of this process", hugePages);
  args.flag("numa-interleave", "on the host copy tables to memory of this process, a page on each NUMA\nnode in turn",
            interleaved);
  args.option("hot-rows", "NAME=F.npy",
              "read these rows of a table into memory first, in the order of the ids in\nthe file; repeatable",
              hotRows);
  args.flag("warm-up", "read all rows into memory first, after the hot ones", warmsUpAll);
}

int EngineFlags::interpret(std::string &error) {
  EngineError problem;
  static const std::pair<const char *, ReckonDeviceTables> places[] = {
      {"own", RECKON_DEVICE_TABLES_OWN},
      {"shared", RECKON_DEVICE_TABLES_SHARED},
      {"shared-or-own", RECKON_DEVICE_TABLES_SHARED_OR_OWN}};
  const auto *place = std::find_if(std::begin(places), std::end(places),
                                   [&](const auto &known) { return deviceTablesText == known.first; });
  if (place == std::end(places)) {
    error = "--device-tables: '" + deviceTablesText + "' is none of own, shared and shared-or-own";
    return ExitUsage;
  }
  placed = place->second;
  if (path.empty() || readPublicKey(path, key.emplace(), problem))
    return ExitOk;
  error = "--public-key: " + problem.message;
  return problem.exitCode();
}

int EngineFlags::open(runtime::Engine &engine, const std::string &engineFile,
                      const std::vector<ReckonTableBinding> &bindings, std::string &error) const {
  ReckonOpenOptions options = RECKON_OPEN_OPTIONS_INIT;
  options.public_key = key ? key->data() : nullptr;
  options.device_tables = placed;
  options.host_tables =
      (hugePages ? RECKON_HOST_TABLES_HUGE_PAGES : 0) | (interleaved ? RECKON_HOST_TABLES_INTERLEAVED : 0);
  if (runtime::Status failed = engine.open(engineFile, bindings, options)) {
    error = failed.message;
    return failed.code;
  }
  return hotRows.empty() && !warmsUpAll ? int(ExitOk) : warmUp(engine, error);
}

//===-- Warming up ------------------------------------------------------------===//

namespace {
/// Says now and then how far it is.
class WarmUpReport {
public:
  void tell(uint64_t done, uint64_t total) {
    double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (done != total && seconds - told < 1)
      return;
    told = seconds;
    std::fprintf(stderr, "warm-up: %.1f of %.1f MB in %.1f s\n", double(done) / 1e6, double(total) / 1e6, seconds);
  }

private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = Clock::now();
  double told = 0;
};
} // namespace

int EngineFlags::warmUp(const runtime::Engine &engine, std::string &error) const {
  std::vector<std::string> names(hotRows.size());
  std::vector<HostTensor> ids(hotRows.size());
  std::vector<ReckonHotRows> rows;
  for (size_t i = 0; i < hotRows.size(); ++i) {
    std::string file;
    if (!splitPair(hotRows[i], names[i], file)) {
      error = "--hot-rows: '" + hotRows[i] + "' is not NAME=FILE";
      return ExitUsage;
    }
    if (int code = readArray(file, ids[i], error))
      return code;
    if (ids[i].type != RECKON_I64) {
      error = "--hot-rows: '" + file + "' holds " + reckon_element_name(ids[i].type) + ", expected i64";
      return ExitUsage;
    }
    rows.push_back({sizeof(ReckonHotRows), names[i].c_str(), reinterpret_cast<const int64_t *>(ids[i].data.data()),
                    ids[i].data.size() / sizeof(int64_t)});
  }
  WarmUpReport report;
  ReckonWarmUpOptions options = RECKON_WARM_UP_OPTIONS_INIT;
  options.hot_rows = rows.data();
  options.num_hot_rows = rows.size();
  options.all_rows = warmsUpAll;
  options.user = &report;
  options.progress = [](void *user, uint64_t done, uint64_t total) {
    static_cast<WarmUpReport *>(user)->tell(done, total);
    return 0;
  };
  runtime::Status failed = engine.warmUp(options);
  error = failed.message;
  return failed.code;
}
