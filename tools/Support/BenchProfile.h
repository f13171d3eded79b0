//===- BenchProfile.h - Where the time of a run goes -------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#ifndef RECKON_TOOLS_SUPPORT_BENCHPROFILE_H
#define RECKON_TOOLS_SUPPORT_BENCHPROFILE_H

#include "ArgParser.h"
#include "InputMaker.h"
#include "MachinePeaks.h"
#include "Statistics.h"
#include "reckon/Runtime/Runtime.hpp"

#include <optional>

namespace reckon::tools {

/// A dispatch over several profiled runs of one batch size.
struct DispatchTimes {
  std::string kernel, kind;
  std::vector<std::string> nodes;
  int64_t rows = 0, flops = 0, bytes = 0, registers = 0; // as ReckonDispatchProfile
  size_t threads = 0;                                    // that worked on it
  Statistics time;                                       // microseconds: what the threads spent over their number
};

struct ProfileResult {
  int64_t batch = 0;
  Statistics total; // microseconds of a run
  std::vector<DispatchTimes> dispatches;
  std::vector<ReckonProfileEvent> events; // of the last run
};

/// Profiles runs with the inputs for about `seconds`. Returns the exit code, with the reason in `error`.
int profileRuns(const InputMaker &maker, const InputOptions &inputs, double seconds, runtime::Context &context,
                ProfileResult &result, std::string &error);

/// The least that a dispatch can take, and by what it is bound.
struct Floor {
  double microseconds = 0;
  bool byMemory = true;
  /// How much of the dispatch's time the floor is; 0 when nothing is known.
  double share(const DispatchTimes &dispatch) const {
    return dispatch.time.median > 0 ? microseconds / dispatch.time.median : 0;
  }
};
Floor floorOf(const DispatchTimes &dispatch, const MachinePeaks &peaks);

/// A line for each dispatch that ran: time, bytes, operations, floor and share.
std::string rooflineText(const ProfileResult &result, const MachinePeaks &peaks);
/// The times as JSON; events of the last runs under `traceEvents`, so that Chrome and Perfetto open the same file.
std::string profileJson(const std::vector<ProfileResult> &results, const std::string &engine, const std::string &device,
                        const MachinePeaks *peaks);

/// --profile, --roofline and the options about them.
class ProfileCommand {
public:
  void declare(ArgParser &args);
  bool isWanted() const { return !file.empty() || roofline; }
  /// Finds the peaks, or takes those that are given. Empty when nothing is wrong.
  std::string start(const std::string &device, int threads);
  /// Prints what --roofline shows. The exit code, with the reason in `error`.
  int add(const InputMaker &maker, const InputOptions &inputs, runtime::Context &context, std::string &error);
  /// Writes the file. Empty when nothing is wrong.
  std::string finish(const std::string &engine, const std::string &device) const;

private:
  std::string file;
  bool roofline = false;
  double bandwidth = 0, flops = 0; // GB/s and GFLOP/s; 0: found out
  std::optional<MachinePeaks> peaks;
  std::vector<ProfileResult> results;
};

} // namespace reckon::tools

#endif // RECKON_TOOLS_SUPPORT_BENCHPROFILE_H
