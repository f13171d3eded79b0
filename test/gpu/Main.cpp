//===- Main.cpp - Checks engines on a device against the host -------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// Works through a plan, one engine a line, fields separated by tabs:
//
//   NAME  ENGINE  CHECK,CHECK,...  KEY=VALUE...
//
// with atol, rtol, integers and floats (Tolerance), host (the engine that the host runs, when it is another), batches
// (a list), data (a folder) and seed for keys. Prints a line for each check: ok, FAIL or skip, the name, and why. The
// exit code is 1 when a check failed, and 4, at once, when the device itself did: what follows would say nothing.
//
//===----------------------------------------------------------------------------===//

#include "Checks.h"

#include "tools/Support/ArgParser.h"

#include <cstdio>
#include <sstream>

using namespace reckon;
using namespace reckon::gpucheck;
using namespace reckon::tools;

static std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);)
    parts.push_back(part);
  return parts;
}

namespace {
struct PlanLine {
  std::string name, engine, host;
  std::vector<std::string> checks;
  Tolerance tolerance;
  Request request{{0, 1, 7, 64}, "", 1};
};
} // namespace

/// Returns what is wrong with the line.
static std::string parseLine(const std::string &text, PlanLine &line) {
  std::vector<std::string> fields = split(text, '\t');
  if (fields.size() < 3)
    return "a line has a name, an engine and checks, separated by tabs";
  line.name = fields[0];
  line.engine = fields[1];
  line.checks = split(fields[2], ',');
  for (size_t i = 3; i < fields.size(); ++i) {
    size_t equals = fields[i].find('=');
    std::string key = fields[i].substr(0, equals),
                value = equals == std::string::npos ? "" : fields[i].substr(equals + 1);
    bool good = true;
    int64_t number = 0;
    if (key == "atol")
      good = parseReal(value, line.tolerance.atol);
    else if (key == "rtol")
      good = parseReal(value, line.tolerance.rtol);
    else if (key == "integers")
      good = parseReal(value, line.tolerance.integers);
    else if (key == "floats")
      good = parseReal(value, line.tolerance.floats);
    else if (key == "host")
      line.host = value;
    else if (key == "data")
      line.request.data = value;
    else if (key == "seed") {
      good = parseInteger(value, number);
      line.request.seed = static_cast<uint64_t>(number);
    } else if (key == "batches") {
      line.request.batches.clear();
      for (const std::string &batch : split(value, ',')) {
        good = good && parseInteger(batch, number) && number >= 0;
        line.request.batches.push_back(number);
      }
    } else {
      good = false;
    }
    if (!good)
      return "'" + fields[i] + "' is not understood";
  }
  return "";
}

static void report(const char *outcome, const std::string &name, const std::string &why) {
  std::printf("%s\t%s\t%s\n", outcome, name.c_str(), why.c_str());
  std::fflush(stdout);
}

/// Whether all checks of the line passed.
static bool runLine(const PlanLine &line, const std::string &device) {
  Subject subject;
  std::string opening = subject.open(line.engine, line.host, device, line.tolerance);
  bool good = true;
  for (const std::string &wanted : line.checks) {
    Outcome outcome = {opening, ""};
    const Check *check = nullptr;
    for (const Check &known : allChecks())
      if (wanted == known.name)
        check = &known;
    if (!check)
      outcome.failure = "there is no such check";
    else if (opening.empty())
      outcome = check->run(subject, line.request);
    good &= outcome.failure.empty();
    report(!outcome.failure.empty()  ? "FAIL"
           : outcome.skipped.empty() ? "ok"
                                     : "skip",
           line.name + ": " + wanted, outcome.failure + outcome.skipped);
  }
  return good;
}

/// Whether the device still runs anything: after a fault it runs nothing more in this process.
static bool isAlive(const PlanLine &line, const std::string &device) {
  Subject subject;
  std::string problem;
  if (!subject.open(line.engine, line.host, device, {}).empty())
    return false;
  auto inputs = subject.makeInputs(1, 1, problem);
  Tensors outputs;
  return !inputs || subject.run(subject.context, *inputs, outputs).empty();
}

int main(int argc, char **argv) {
  std::string device = "cuda";
  ArgParser args("reckon-gpu-check", "Checks engines on a device against the host.", "PLAN");
  args.group("Execution");
  args.option("device", "NAME", "the device under test: cuda (default), cuda:N or host", device);
  if (!args.parse(argc, argv))
    return args.exitCode();
  std::vector<uint8_t> bytes;
  std::string error;
  if (!readFile(args.positional(), bytes, error))
    return args.error(error);
  bool good = true;
  for (const std::string &text : split({bytes.begin(), bytes.end()}, '\n')) {
    if (text.empty() || text[0] == '#')
      continue;
    PlanLine line;
    if (std::string problem = parseLine(text, line); !problem.empty())
      return args.error("'" + args.positional() + "': " + problem);
    if (runLine(line, device))
      continue;
    good = false;
    if (!isAlive(line, device))
      return args.error("the device fails after '" + line.name + "'", ExitUnavailable);
  }
  return good ? ExitOk : ExitMismatch;
}
