//===- reckon-update.cpp - Change the rows and weights of an engine --------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//

#include "tools/Support/ArgParser.h"
#include "tools/Support/EngineFlags.h"
#include "tools/Support/Updater.h"

#include <cstdio>
#include <new>

using namespace reckon;
using namespace reckon::tools;
using runtime::Status;

namespace {
struct Options {
  EngineFlags engine;
  std::vector<std::string> tables, rows, deletions;
  std::string weightsFrom, weights, output, appendTo, replay;
};
} // namespace

static void declare(ArgParser &args, Options &options) {
  args.group("Changes, made in this order");
  args.option("weights-from", "B.rkn",
              "take the weights of an engine that was compiled from another state\n"
              "of the model with the same options",
              options.weightsFrom);
  args.option("weights", "M.onnx",
              "take the weights that another state of the model has, which\n"
              "reckon-compile compiles as the engine was",
              options.weights);
  args.option("table", "NAME=F.npy", "all rows of a table; repeatable", options.tables);
  args.option("rows", "NAME=IDS.npy,VALUES.npy", "some rows; repeatable", options.rows);
  args.option("delete", "NAME=IDS.npy", "rows that are zeros from now on; repeatable", options.deletions);
  args.group("Who made the engine, and its log");
  options.engine.declare(args);
  args.group("Where they go");
  args.option("output", "F.rkn", "write the engine here; the default is in its own place", options.output);
  args.option("append-to", "LOG", "append the changes to an update log; the engine stays as it is", options.appendTo);
  args.option("replay", "LOG", "make the changes of an update log before any others", options.replay);
}

/// Makes the changes of the arguments. The exit code.
static int change(const Options &options, Updater &updater, std::string &error) {
  if (!options.weightsFrom.empty())
    if (int code = updater.setWeights(options.weightsFrom, error))
      return code;
  if (!options.weights.empty())
    if (int code = updater.refit(options.weights, error))
      return code;
  for (const std::string &argument : options.tables)
    if (int code = updater.setTable(argument, error))
      return code;
  for (const std::string &argument : options.rows)
    if (int code = updater.setRows(argument, error))
      return code;
  for (const std::string &argument : options.deletions)
    if (int code = updater.deleteRows(argument, error))
      return code;
  return ExitOk;
}

static int run(int argc, char **argv) {
  Options options;
  ArgParser args("reckon-update", "Changes the rows and weights of a compiled engine.", "M.rkn");
  declare(args, options);
  if (!args.parse(argc, argv))
    return args.exitCode();
  if (!options.appendTo.empty() && (!options.output.empty() || !options.replay.empty()))
    return args.error("--append-to leaves the engine as it is and goes with neither --output nor --replay");

  runtime::Engine engine;
  runtime::Update update;
  std::string error;
  if (int code = options.engine.interpret(error))
    return args.error(error, code);
  if (int code = options.engine.open(engine, args.positional(), {}, error))
    return args.error(error, code);
  if (!options.replay.empty()) {
    runtime::UpdateLog log;
    Status failed = log.open(engine, options.replay, RECKON_LOG_FOLLOW);
    if (failed || (failed = log.apply()))
      return args.error(failed.message, failed.code);
  }
  if (Status failed = update.create(engine))
    return args.error(failed.message, failed.code);
  Updater updater(args.positional(), engine, update);
  if (int code = change(options, updater, error))
    return args.error(error, code);

  if (!options.appendTo.empty()) {
    runtime::UpdateLog log;
    Status failed = log.open(engine, options.appendTo, RECKON_LOG_APPEND);
    if (failed || (failed = log.append(update, /*sync=*/true)))
      return args.error(failed.message, failed.code);
    return ExitOk;
  }
  int code = updater.save(options.output.empty() ? args.positional() : options.output, error);
  return code ? args.error(error, code) : int(ExitOk);
}

int main(int argc, char **argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc &) {
    std::fputs("reckon-update: error: there is not enough memory for these changes\n", stderr);
    return ExitUnavailable;
  }
}
