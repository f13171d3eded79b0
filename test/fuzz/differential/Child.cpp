//===- Child.cpp - A trial in a process of its own ----------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===-------------------------------------------------------------------------===//

#include "test/fuzz/differential/Trial.h"

#include "llvm/ADT/StringRef.h"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace reckon;
using namespace reckon::fuzz;

Child::Child(mlir::ModuleOp module, Trial trial) {
  int ends[2];
  if (pipe(ends))
    return;
  process = fork();
  if (process == 0) {
    close(ends[0]);
    alarm(120);
    Outcome outcome = trial(module);
    std::string text = std::to_string(outcome.kind) + " " + std::to_string(outcome.runs) + " " +
                       std::to_string(outcome.refused) + " " + std::to_string(outcome.skipped) + " " + outcome.message;
    (void)!write(ends[1], text.data(), std::min<size_t>(text.size(), 60000)); // fits the pipe
    _exit(0);
  }
  close(ends[1]);
  end = ends[0];
}

Outcome Child::collect() {
  if (process < 0)
    return {Outcome::Inconclusive, "no process"};
  std::string text;
  char buffer[4096];
  for (ssize_t got; (got = read(end, buffer, sizeof buffer)) > 0;)
    text.append(buffer, got);
  close(end);
  int status = 0;
  waitpid(process, &status, 0);
  if (WIFSIGNALED(status))
    return {WTERMSIG(status) == SIGALRM ? Outcome::Timeout : Outcome::Crash,
            "signal " + std::to_string(WTERMSIG(status))};
  if (text.empty())
    return {Outcome::Crash, "exit status " + std::to_string(WEXITSTATUS(status))};
  llvm::StringRef rest = text;
  Outcome outcome;
  int kind = 0;
  auto readNumber = [&](auto &number) { return !rest.consumeInteger(10, number) && rest.consume_front(" "); };
  if (!readNumber(kind) || !readNumber(outcome.runs) || !readNumber(outcome.refused) || !readNumber(outcome.skipped))
    return {Outcome::Crash, "the child said: " + text};
  outcome.kind = static_cast<Outcome::Kind>(kind);
  outcome.message = rest.str();
  return outcome;
}
